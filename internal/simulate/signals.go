package simulate

// What follows is between the terminal and the network, or its manager: it needs
// no session, and is reported in time.

func (attach) signals()     {}
func (movement) signals()   {}
func (connection) signals() {}
func (renewal) signals()    {}
func (reporting) signals()  {}
func (departure) signals()  {}
func (*swap) signals()      {}
func (hopping) signals()    {}
func (storm) signals()      {}
func (paging) signals()     {}
func (rebooting) signals()  {}
func (pingPong) signals()   {}
func (*weakRadio) signals() {}
func (*restart) signals()   {}
func (reclassing) signals() {}
