package source

import (
	"errors"
	"io"

	"cordon/internal/raw"
	"cordon/internal/record"
)

// Merged yields the records of several sources by the time of the next one of
// each; of equal times those of the first source come first.
type Merged struct{ heads []head }

// head is a source and its next record.
type head struct {
	source Source
	next   raw.Telemetry
	filled bool // next was not handed out yet
	ended  bool
}

// Merge makes one source of several.
func Merge(sources ...Source) *Merged {
	m := &Merged{}
	for _, s := range sources {
		m.heads = append(m.heads, head{source: s})
	}
	return m
}

// Next implements Source. The first error of any source ends it.
func (m *Merged) Next(t *raw.Telemetry) error {
	var first *head
	for i := range m.heads {
		h := &m.heads[i]
		if err := h.fill(); err != nil {
			return err
		}
		if h.filled && (first == nil || h.next.OccurredAt < first.next.OccurredAt) {
			first = h
		}
	}
	if first == nil {
		return io.EOF
	}
	*t, first.filled = first.next, false
	return nil
}

// fill reads on if the last record was handed out, and not before: what that
// points to is valid until then.
func (h *head) fill() error {
	if h.filled || h.ended {
		return nil
	}
	err := h.source.Next(&h.next)
	if errors.Is(err, io.EOF) {
		h.ended = true
		return nil
	}
	h.filled = err == nil
	return err
}

// Until yields the records of a source up to the first that is later than a time.
type Until struct {
	Source Source
	Last   record.Micros
}

// Next implements Source.
func (u *Until) Next(t *raw.Telemetry) error {
	if err := u.Source.Next(t); err != nil {
		return err
	}
	if t.OccurredAt > u.Last {
		return io.EOF
	}
	return nil
}
