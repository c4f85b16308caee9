package record

import "cordon/internal/record/wire"

// AppendOptInt appends an int or null.
func AppendOptInt(dst []byte, n Opt[int32]) []byte {
	if !n.Set {
		return wire.AppendNull(dst)
	}
	return wire.AppendInt(wire.AppendSome(dst), n.Value)
}

// ReadOptInt reads an int or null.
func ReadOptInt(r *wire.Reader) Opt[int32] {
	if !r.Some() {
		return Opt[int32]{}
	}
	return Some(r.Int())
}

// AppendOptLong appends a long or null.
func AppendOptLong(dst []byte, n Opt[int64]) []byte {
	if !n.Set {
		return wire.AppendNull(dst)
	}
	return wire.AppendLong(wire.AppendSome(dst), n.Value)
}

// ReadOptLong reads a long or null.
func ReadOptLong(r *wire.Reader) Opt[int64] {
	if !r.Some() {
		return Opt[int64]{}
	}
	return Some(r.Long())
}

// AppendOptMicros appends a time or null.
func AppendOptMicros(dst []byte, m Opt[Micros]) []byte {
	if !m.Set {
		return wire.AppendNull(dst)
	}
	return wire.AppendLong(wire.AppendSome(dst), int64(m.Value))
}

// ReadOptMicros reads a time or null.
func ReadOptMicros(r *wire.Reader) Opt[Micros] {
	if !r.Some() {
		return Opt[Micros]{}
	}
	return Some(Micros(r.Long()))
}

func appendOptBool(dst []byte, b Opt[bool]) []byte {
	if !b.Set {
		return wire.AppendNull(dst)
	}
	return wire.AppendBool(wire.AppendSome(dst), b.Value)
}

func readOptBool(r *wire.Reader) Opt[bool] {
	if !r.Some() {
		return Opt[bool]{}
	}
	return Some(r.Bool())
}
