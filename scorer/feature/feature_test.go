package feature

import (
	"net/netip"
	"reflect"
	"testing"
	"unsafe"

	"pgregory.net/rapid"

	"cordon/internal/record"
	"cordon/internal/record/wire"
	"cordon/scorer/pane"
)

// day is a day in panes.
const day = pane.Number(8640)

// contact is a report of a test: packets up and down to a port of one host, or
// of the host given.
type contact struct {
	host     string
	port     uint16
	protocol uint8
	ul, dl   uint64
}

// bench is one terminal with its memory.
type bench struct {
	reader Reader
	memory Memory
	vector Vector
}

// read gives a pane to the terminal and returns what it says.
func (b *bench) read(n pane.Number, contacts ...contact) *Vector {
	var ring pane.Ring
	ring.Jump(n)
	var refs pane.Refs
	slot := ring.Open(n, &refs, 0)
	for _, c := range contacts {
		host := c.host
		if host == "" {
			host = "203.0.113.1"
		}
		if c.protocol == 0 {
			c.protocol = pane.TCP
		}
		k := pane.KeyOf(&record.Flow{Protocol: int32(c.protocol), RemoteAddress: netip.MustParseAddr(host), RemotePort: int32(c.port)})
		r := pane.Report{
			Destination: k, Contact: true, Began: true, Answered: c.dl > 0, Observations: 1,
			UL: 100 * c.ul, ULPackets: c.ul, DL: 100 * c.dl, Starts: 1000, Service: new(pane.Infrastructure).Service(k),
		}
		ring.Table(n).Add(slot, &r, k.Hash(pane.Seed{}))
	}
	b.memory.Age(n)
	b.reader.Read(Pane{n, ring.Table(n), slot}, &b.memory, &b.vector)
	return &b.vector
}

// learn gives a pane to the terminal and lets it learn.
func (b *bench) learn(n pane.Number, contacts ...contact) *Vector {
	v := b.read(n, contacts...)
	b.reader.Learn(v, &b.memory, true)
	return v
}

func TestFirstContacts(t *testing.T) {
	start := 10 * day
	for _, c := range []struct {
		name     string
		before   func(*bench)
		contact  contact
		at       pane.Number
		failed   int32
		answered int32
	}{
		{"new and failed", nil, contact{port: 23, ul: 1}, start, 1, 0},
		{"new and answered", nil, contact{port: 23, ul: 1, dl: 1}, start, 0, 1},
		{"repeated within 24 h", func(b *bench) { b.learn(start, contact{port: 23, ul: 1}) }, contact{port: 23, ul: 1}, start + day - 1, 0, 0},
		{"forgotten after two days", func(b *bench) { b.learn(start, contact{port: 23, ul: 1}) }, contact{port: 23, ul: 1}, start + 2*day, 1, 0},
		{"another port", func(b *bench) { b.learn(start, contact{port: 23, ul: 1}) }, contact{port: 2323, ul: 1}, start + 1, 1, 0},
		{"answered before", func(b *bench) { b.learn(start, contact{port: 23, ul: 1, dl: 1}) }, contact{port: 23, ul: 1}, start + 1, 0, 0},
		{"time server", nil, contact{port: 123, protocol: pane.UDP, ul: 1}, start, 0, 0},
		{"name server over TCP", nil, contact{port: 53, ul: 1}, start, 0, 0},
		{"ICMP", nil, contact{protocol: pane.ICMP, ul: 1}, start, 0, 0},
	} {
		var b bench
		if c.before != nil {
			c.before(&b)
		}
		v := b.read(c.at, c.contact)
		if got := v.TCP.Failed + v.Other.Failed; got != c.failed {
			t.Errorf("%s: %d failed, want %d", c.name, got, c.failed)
		}
		if got := v.TCP.Answered + v.Other.Answered; got != c.answered {
			t.Errorf("%s: %d answered, want %d", c.name, got, c.answered)
		}
	}
}

// Reference 3.12, 10: "Known = answered again at least 24 h later".
func TestKnownTakesADay(t *testing.T) {
	k := pane.KeyOf(&record.Flow{Protocol: pane.TCP, RemoteAddress: netip.MustParseAddr("203.0.113.1"), RemotePort: 443})
	known := func(at ...pane.Number) bool {
		var b bench
		for _, n := range at {
			b.learn(10*day+n, contact{port: 443, ul: 1, dl: 1})
		}
		return b.memory.Known(k.Hash(pane.Seed{}))
	}
	for _, c := range []struct {
		name string
		at   []pane.Number
		want bool
	}{
		{"once", []pane.Number{0}, false},
		{"all day long", []pane.Number{0, day / 4, day / 2, day - 1}, false},
		{"daily", []pane.Number{0, day, 2 * day}, true},
		{"twice, two weeks apart", []pane.Number{0, 14 * day}, false}, // the age of the first is not certain
	} {
		if got := known(c.at...); got != c.want {
			t.Errorf("%s: known = %v, want %v", c.name, got, c.want)
		}
	}
	var b bench
	for n := range pane.Number(4) { // never during a case (3.8, 5)
		b.reader.Learn(b.read((10+n)*day, contact{port: 443, ul: 1, dl: 1}), &b.memory, false)
	}
	if b.memory.Known(k.Hash(pane.Seed{})) {
		t.Error("became known while not trusted")
	}
}

// Reference 3.12, 8: failures on the protocol and port of a known destination
// that failed in the last 10 min are held (outage with fallbacks).
func TestOutageHoldsFallbacks(t *testing.T) {
	prepare := func() *bench {
		var b bench
		for n := range pane.Number(4) {
			b.learn((10+n)*day, contact{port: 8883, ul: 1, dl: 1})
		}
		return &b
	}
	start := 14 * day
	down := contact{port: 8883, ul: 3}
	fallback := contact{host: "203.0.113.50", port: 8883, ul: 3}
	b := prepare()
	if v := b.learn(start, down, fallback); v.Held != 1 || v.TCP.Failed != 0 {
		t.Errorf("in the same pane: held %d, failed %d, want 1, 0", v.Held, v.TCP.Failed)
	}
	if v := b.read(start+59, fallback); v.Held != 1 {
		t.Errorf("590 s later: held %d, want 1", v.Held)
	}
	if v := b.read(start+60, fallback); v.Held != 0 || v.TCP.Failed != 1 {
		t.Errorf("600 s later: held %d, failed %d, want 0, 1", v.Held, v.TCP.Failed)
	}
	if v := b.read(start+1, contact{host: "203.0.113.50", port: 23, ul: 3}); v.TCP.Failed != 1 {
		t.Errorf("another port: failed %d, want 1", v.TCP.Failed)
	}
}

func TestUnansweredUplink(t *testing.T) {
	start := 20 * day
	known := func(b *bench) {
		for n := range pane.Number(4) {
			b.learn((10+n)*day, contact{port: 8883, ul: 1, dl: 1})
		}
	}
	for _, c := range []struct {
		name     string
		before   func(*bench)
		contacts []contact
		packets  uint64
	}{
		{"nobody answers", nil, []contact{{port: 80, ul: 1000}, {port: 81, ul: 10}}, 1010},
		{"answered", nil, []contact{{port: 80, ul: 1000, dl: 1}}, 0},
		{"known", known, []contact{{port: 8883, ul: 1000}}, 0},
		{"a name server is a victim like another", nil, []contact{{port: 53, protocol: pane.UDP, ul: 1000}}, 1000},
	} {
		var b bench
		if c.before != nil {
			c.before(&b)
		}
		if got := b.read(start, c.contacts...).UnansweredPackets.Value; got != c.packets {
			t.Errorf("%s: %d packets, want %d", c.name, got, c.packets)
		}
	}
}

// A victim that answers one report in twenty still counts as not answering.
func TestUnansweredAllowsAFewAnswers(t *testing.T) {
	for answered, want := range map[int]uint64{1: 190, 2: 0} {
		var b bench
		var list []contact
		for i := range 20 {
			dl := uint64(0)
			if i < answered {
				dl = 1
			}
			list = append(list, contact{port: 80, ul: 10, dl: dl})
		}
		if got := b.read(day, list...).UnansweredPackets.Value; got != want {
			t.Errorf("%d of 20 answered: %d packets, want %d", answered, got, want)
		}
	}
}

// Where destinations fell out of the sample, the rest is taken to be like it.
func TestUnansweredIsScaledUp(t *testing.T) {
	var b bench
	var list []contact
	for i := range 1000 {
		list = append(list, contact{port: uint16(1000 + i), ul: 5})
	}
	if got := b.read(day, list...).UnansweredPackets.Value; got != 5000 {
		t.Errorf("1000 ports with 5 packets each: %d packets, want 5000", got)
	}
}

func TestVolume(t *testing.T) {
	var ring pane.Ring
	var refs pane.Refs
	slot := ring.Open(0, &refs, 0)
	add := func(r pane.Report) { ring.Table(0).Add(slot, &r, 0) }
	add(pane.Report{UL: 1000, DL: 10_000, Observations: 6, Starts: 1000})
	add(pane.Report{UL: 1000, Observations: 6, Starts: 1000})
	reader := Reader{Limits: Limits{AckPermille: 40}}
	var v Vector
	reader.Read(Pane{0, ring.Table(0), slot}, new(Memory), &v)
	if want := (Amount{1600, 6}); v.Uplink != want { // 2000 less 4 % of 10,000
		t.Errorf("uplink %+v, want %+v", v.Uplink, want)
	}
	if want := (Amount{2000, 6}); v.Starts != want {
		t.Errorf("starts %+v, want %+v", v.Starts, want)
	}
	add(pane.Report{Usage: true, UL: 5000, Observations: 1})
	reader.Read(Pane{0, ring.Table(0), slot}, new(Memory), &v)
	if want := (Amount{5000, 1}); v.Uplink != want { // the session includes the flows
		t.Errorf("uplink with session usage %+v, want %+v", v.Uplink, want)
	}
}

// A scanner fills a filter; then it forgets rather than going blind.
func TestFullFilterStartsAnew(t *testing.T) {
	var b bench
	failed := int32(0)
	for i := range 40 {
		var list []contact
		for j := range 30 {
			list = append(list, contact{port: uint16(1 + 30*i + j), ul: 1})
		}
		failed += b.learn(day+pane.Number(i), list...).TCP.Failed
	}
	if failed < 1100 {
		t.Errorf("of 1200 new ports %d were seen as new, want at least 1100", failed)
	}
}

// A filter hides few new destinations at the size it is kept to.
func TestFilterFalsePositives(t *testing.T) {
	var f filter
	hash := func(i uint64) uint64 { return pane.Key{Port: uint16(i), Form: pane.Form(i >> 16)}.Hash(pane.Seed{}) }
	for i := range uint64(88) {
		f.add(hash(i))
	}
	for i := range uint64(88) {
		if !f.has(hash(i)) {
			t.Fatalf("%d was added and is not there", i)
		}
	}
	wrong := 0
	for i := uint64(1000); i < 11_000; i++ {
		if f.has(hash(i)) {
			wrong++
		}
	}
	if wrong > 900 {
		t.Errorf("%d of 10,000 new ones look remembered, want at most one in 11", wrong)
	}
}

func TestMemorySurvivesItsStoredForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b bench
		for i := range rapid.IntRange(0, 12).Draw(t, "panes") {
			b.learn(pane.Number(rapid.IntRange(i*4000, i*4000+3999).Draw(t, "pane")), contact{
				port: uint16(rapid.IntRange(1, 6).Draw(t, "port")), ul: 1, dl: rapid.Uint64Range(0, 1).Draw(t, "dl"),
			})
		}
		last := pane.Number(rapid.IntRange(0, 50_000).Draw(t, "last"))
		stored := b.memory.Append(nil, last)
		var back Memory
		r := wire.NewReader(stored)
		if back.Read(&r, last); !r.Done() || !reflect.DeepEqual(back, b.memory) {
			t.Fatalf("restored %+v from %x, want %+v", back, stored, b.memory)
		}
		for cut := range stored {
			r := wire.NewReader(stored[:cut])
			if new(Memory).Read(&r, last); !r.Failed() {
				t.Fatalf("cut at %d of %d: no error", cut, len(stored))
			}
		}
	})
}

// Filters of any fullness survive their stored form.
func TestFilterSurvivesItsStoredForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var f, back filter
		for _, h := range rapid.SliceOfN(rapid.Uint64(), 0, 200).Draw(t, "hashes") {
			f.add(h)
		}
		r := wire.NewReader(f.append(nil))
		if back.read(&r); !r.Done() || back != f {
			t.Fatalf("read %x, want %x", back, f)
		}
	})
}

func FuzzReadMemory(f *testing.F) {
	f.Add(new(Memory).Append(nil, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := wire.NewReader(b)
		new(Memory).Read(&r, 0)
	})
}

func TestMemorySize(t *testing.T) {
	if got := unsafe.Sizeof(Memory{}); got > 512 {
		t.Errorf("Memory has %d bytes, want at most 512", got)
	}
}
