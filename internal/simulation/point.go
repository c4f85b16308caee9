package simulation

// Point is a place in the life of a worker where it asks something of the log.
type Point uint8

// Points. A fault may wait for an instance to come to one.
const (
	anywhere   Point = iota
	acquiring        // the transactional id is taken over
	counting         // partition counts are read
	restoring        // pieces of state are read
	bounding         // log start and end of an input are read
	summing          // the fingerprint of a position is read
	tailing          // the newest outputs are read, without state
	writing          // outputs outside the transaction
	outputting       // outputs inside the transaction
	piecing          // pieces of state
	heading          // the last pieces and the header
	committing       // the transaction is ended
	aborting
	points
)

var pointNames = [...]string{"anywhere", "take-over", "counts", "restore", "bounds", "fingerprint", "tail", "write",
	"outputs", "pieces", "header", "commit", "abort"}

// Phase is how far a request has come.
type Phase uint8

// Phases of a request.
const (
	unsent Phase = iota // about to be sent
	sent                // on its way: it will be done, whatever becomes of who sent it
	done                // done, the answer on its way
	phases
)

var phaseNames = [...]string{"not sent", "on its way", "done, not answered"}
