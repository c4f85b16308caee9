package pane

import (
	"encoding/binary"

	"cordon/internal/record/wire"
)

// The first byte of a stored destination: the form of its address in the lowest
// bits, then these.
const (
	destinationForm       = 3
	destinationService    = 1 << (iota + 1)
	destinationUnanswered // it left uplink unanswered
	destinationBegan      // all of its flows began
	destinationAnswered   // all of them were answered
	destinationTCP        // its protocol is TCP; else it follows
	destinationOther      // it is inbound or a name: which, follows
)

// append appends the destination in its stored form: without its hash, which
// its terminal gives.
func (d *Destination) append(b []byte) []byte {
	tells := byte(d.Form) & destinationForm
	if d.Inbound || d.Form == FormName {
		tells |= destinationOther
	}
	for _, c := range [...]struct {
		holds bool
		bit   byte
	}{
		{d.Service, destinationService}, {d.UnansweredUL|d.UnansweredPackets|uint64(d.Sampled) != 0, destinationUnanswered},
		{d.Began == d.Flows, destinationBegan}, {d.Answered == d.Flows, destinationAnswered}, {d.Protocol == TCP, destinationTCP},
	} {
		if c.holds {
			tells |= c.bit
		}
	}
	b = append(b, tells)
	if tells&destinationOther != 0 {
		b = append(b, byte(d.Form)<<1|flag(d.Inbound))
	}
	b = append(b, d.Address[len(d.Address)-addressSize[d.Form]:]...)
	b = binary.LittleEndian.AppendUint16(b, d.Port)
	if tells&destinationTCP == 0 {
		b = append(b, d.Protocol)
	}
	b = wire.AppendInt(b, int32(d.Flows))
	if tells&destinationBegan == 0 {
		b = wire.AppendInt(b, int32(d.Began))
	}
	if tells&destinationAnswered == 0 {
		b = wire.AppendInt(b, int32(d.Answered))
	}
	b = wire.AppendLong(wire.AppendLong(b, int64(d.UL)), int64(d.DL))
	b = wire.AppendInt(b, d.Time)
	if tells&destinationUnanswered != 0 {
		b = wire.AppendLong(wire.AppendLong(b, int64(d.UnansweredUL)), int64(d.UnansweredPackets))
		b = wire.AppendInt(b, int32(d.Sampled))
	}
	return b
}

// addressSize is how many of an address's last bytes a form uses.
var addressSize = [...]int{FormNone: 0, FormIPv4: 4, FormIPv6: 16, FormToken: 16, FormName: 16}

// read reads what append wrote.
func (d *Destination) read(r *wire.Reader, former bool) {
	var first [1]byte
	r.Fixed(first[:])
	tells := first[0]
	d.Form, d.Service = Form(tells&destinationForm), tells&destinationService != 0
	if tells&destinationOther != 0 {
		r.Fixed(first[:])
		d.Form, d.Inbound = min(Form(first[0]>>1), FormName), first[0]&1 != 0
	}
	r.Fixed(d.Address[len(d.Address)-addressSize[d.Form]:])
	var port [2]byte
	r.Fixed(port[:])
	d.Port, d.Protocol = binary.LittleEndian.Uint16(port[:]), TCP
	if tells&destinationTCP == 0 {
		r.Fixed(first[:])
		d.Protocol = first[0]
	}
	d.Flows = uint32(r.Int())
	d.Began, d.Answered = d.Flows, d.Flows
	if tells&destinationBegan == 0 {
		d.Began = uint32(r.Int())
	}
	if tells&destinationAnswered == 0 {
		d.Answered = uint32(r.Int())
	}
	d.UL = uint64(r.Long())
	if !former {
		d.DL, d.Time = uint64(r.Long()), r.Int()
	}
	if tells&destinationUnanswered != 0 {
		d.UnansweredUL, d.UnansweredPackets = uint64(r.Long()), uint64(r.Long())
		if !former {
			d.Sampled = uint32(r.Int())
		}
	}
}

// Append appends a key in its stored form.
func (k *Key) Append(b []byte) []byte {
	b = append(b, byte(k.Form)<<1|flag(k.Inbound), k.Protocol)
	b = binary.LittleEndian.AppendUint16(b, k.Port)
	return append(b, k.Address[len(k.Address)-addressSize[k.Form]:]...)
}

// Read reads what Append wrote.
func (k *Key) Read(r *wire.Reader) {
	var b [4]byte
	r.Fixed(b[:])
	*k = Key{Form: min(Form(b[0]>>1), FormName), Inbound: b[0]&1 != 0, Protocol: b[1], Port: binary.LittleEndian.Uint16(b[2:])}
	r.Fixed(k.Address[len(k.Address)-addressSize[k.Form]:])
}
