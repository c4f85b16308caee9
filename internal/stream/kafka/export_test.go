package kafka

import "cordon/internal/stream"

// Name gives the tests the full name of a topic, for other clients.
func (c *Client) Name(t stream.Topic) string { return c.name(t) }
