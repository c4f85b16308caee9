package resolve

// Expiries returns how many addresses are noted to be forgotten.
func (t *Table) Expiries() int { return len(t.released) }
