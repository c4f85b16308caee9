package stream

import (
	"encoding/json"
	"fmt"
)

// Checkpoint is a consistent cut of one task on its way to the log: the copy is
// made, the task has gone on. Valid until Owner.Settle tells its outcome.
type Checkpoint struct {
	// Outputs are what a transactional stage sends in the same transaction.
	Outputs []Send
	// Positions and Front say where the task stood.
	Positions []Position
	Front     Front

	state  Partition
	header Header
	cut    *Cut
	sends  []Send
}

// Pieces encodes what was copied and returns the records of the state topic: the
// pieces, then the header that makes them valid. Whoever writes the checkpoint
// calls it, once, while the task may be at work.
func (c *Checkpoint) Pieces() ([]Send, error) {
	c.cut.Encode()
	text, err := json.Marshal(c.header)
	if err != nil {
		return nil, fmt.Errorf("%s[%d]: header: %w", c.state.Topic, c.state.ID, err)
	}
	c.cut.Add([]byte(HeaderKey), text)
	for _, piece := range c.cut.Pieces() {
		c.sends = append(c.sends, Send{Topic: c.state.Topic, Partition: c.state.ID, Key: piece.Key, Value: piece.Value})
	}
	return c.sends, nil
}
