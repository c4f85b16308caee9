package simulate

import (
	"cordon/internal/raw"
	"cordon/internal/record"
)

// behaviour is one thing terminals do, such as to send readings or to move. It
// is shared by all terminals and keeps its place in their activity.
type behaviour interface {
	// begin returns when the first record occurs if it begins at a time.
	begin(f *Fleet, a *activity, at record.Micros) record.Micros
	// write fills in what is particular to the record that occurs at
	// t.OccurredAt, and returns when the next one occurs, later or never.
	write(f *Fleet, a *activity, t *raw.Telemetry) record.Micros
}

// never is after every end.
const never = record.Micros(1<<63 - 1)

// activity is the place of one terminal in one behaviour.
type activity struct {
	does     behaviour
	terminal int32         // index of whose it is
	step     int32         // meaning by behaviour
	host     int64         // of the service or the targets
	at       record.Micros // when the next record occurs
	since    record.Micros // when the flow of the next record began
	until    record.Micros // when it ends
	stop     record.Micros // no record after it
	// userPlane: its records are of packets that need a session.
	userPlane bool
	attack    bool // it belongs to what happened to the terminal
}

// terminal is one device.
type terminal struct {
	dice   dice
	ready  record.Micros // when its session is established
	struck *kind         // what happened to it; nil: it is benign
	from   record.Micros // from when on
	until  record.Micros // and up to when
	gap    record.Micros // when its session was released last
	gapEnd record.Micros // and when it is there again
	code   string        // type allocation code of other equipment; empty: its class's
	// equipment is how much its serial number is above the one it began with.
	equipment int32
	recast    record.Micros // from when on it has its class's next subscription
	reboots   int32
	cell      int32
	class     uint8
	firmware  uint8 // index in firmwares
	dark      bool  // it lies in the district that loses its electricity
	portal    bool  // a portal is before it for a time
}

// is reports whether it suffers at a time from what happened to it.
func (d *terminal) is(at record.Micros) *kind {
	if d.struck == nil || at < d.from || at > d.until {
		return nil
	}
	return d.struck
}

// classOf returns the kind of device a terminal is.
func (f *Fleet) classOf(d *terminal) *class { return f.classes[d.class] }

// network returns the data network and slice of a terminal at a time.
func (f *Fleet) network(d *terminal, at record.Micros) (dnn, snssai string) {
	c := f.classOf(d)
	if at >= d.recast && c.next != nil {
		return c.next.dnn, c.next.snssai
	}
	return c.dnn, c.snssai
}

func (f *Fleet) of(a *activity) *terminal { return &f.terminals[a.terminal] }

// Sources of the records.
const (
	userPlane = "upf-1"
	mobility  = "amf-1"
	session   = "smf-1"
	managing  = "dm-1" // device management
)

const (
	reportEvery = 10 * record.Second // of open flows
	network     = "001-01"           // the test network of TS 23.003
)

// flow fills in the record of a flow of the activity, whose ends the caller
// names: what happened since its last report. No identity but the address.
func (f *Fleet) flow(a *activity, t *raw.Telemetry, since record.Micros) *raw.Flow {
	t.SourceID, t.Kind = userPlane, record.KindFlow
	t.UEAddress = ueAddress(a.terminal)
	t.DNN, t.SNSSAI = f.network(f.of(a), t.OccurredAt)
	t.IntervalStart = record.Some(since)
	t.PDUSessionID = record.Some[int32](1)
	t.Flow.Direction = record.DirectionUplink
	t.Flow.StartTime = record.Some(a.since)
	// One local port per flow: a function of what makes it one.
	t.Flow.LocalPort = record.Some(firstEphemeral + int32(a.since/record.Millisecond%ephemeral))
	return &t.Flow
}

// Local ports are of the range that Linux takes by default.
const (
	firstEphemeral = 32768
	ephemeral      = 28232
)

// Sizes in bytes at IP level.
const (
	synSize = 60   // with options
	ackSize = 40   // headers alone
	mtuSize = 1360 // payload of a full segment inside a tunnel
)

// TCP flags (RFC 9293).
const (
	flagFIN, flagSYN, flagRST, flagPSH, flagACK = 1, 2, 4, 8, 16
)

// moved fills in what a conversation moved: payload, headers, acknowledgements.
func moved(flow *raw.Flow, up, down int64) {
	header := int64(28)
	if flow.Protocol == tcp {
		header = ackSize
	}
	flow.ULPackets = up/mtuSize + down/(2*mtuSize) + 1
	flow.DLPackets = down/mtuSize + up/(2*mtuSize) + 1
	flow.ULVolume = up + header*flow.ULPackets
	flow.DLVolume = down + header*flow.DLPackets
	if flow.Protocol == tcp {
		flow.ULTCPFlags, flow.DLTCPFlags = record.Some[int32](flagPSH|flagACK), record.Some[int32](flagPSH|flagACK)
	}
}

// unanswered fills in an attempt of n packets that nobody answers.
func unanswered(flow *raw.Flow, n int64) {
	size := int64(76)
	if flow.Protocol == tcp {
		size = synSize
		flow.ULTCPFlags = record.Some[int32](flagSYN)
	}
	flow.ULPackets, flow.ULVolume, flow.Ended = n, n*size, true
}

// refused fills in an attempt that is answered with a reset.
func refused(flow *raw.Flow) {
	flow.ULPackets, flow.ULVolume = 1, synSize
	flow.DLPackets, flow.DLVolume = 1, ackSize
	flow.ULTCPFlags, flow.DLTCPFlags = record.Some[int32](flagSYN), record.Some[int32](flagRST|flagACK)
	flow.Ended = true
}
