package detect

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record/wire"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// shipped are the detectors with the priors of detection reference 3.12.
func shipped() Detectors {
	scan := NewScan(FailureRates{TCP: 50, Other: 200, Strangers: 600, Scanner: 950})
	return Detectors{Scan: &scan, Flood: &Flood{Bytes: 20_000, Packets: 200}, Uplink: &Envelope{Normal: 300_000}, Starts: &Envelope{Normal: 40_000}}
}

// shippedReference is what a terminal is compared with of which nothing is known.
func shippedReference() *Reference {
	return &Reference{Uplink: Normal{Value: 300_000}, Starts: Normal{Value: 40_000}}
}

// Reference 3.3: "TRW failures needed at 20 nats: 7 (theta0 .05), 13 (.2), 44 (.6)".
func TestScanFailuresNeeded(t *testing.T) {
	for rate, want := range map[int64]int32{50: 7, 200: 13, 600: 44} {
		scan := NewScan(FailureRates{TCP: rate, Other: rate, Strangers: rate, Scanner: 950})
		needed := int32(0)
		for scan.Evidence(&feature.Vector{TCP: feature.Contacts{Failed: needed}}) < 20*Nat {
			needed++
		}
		if needed != want {
			t.Errorf("theta0 %d permille: %d failures reach 20 nats, want %d", rate, needed, want)
		}
	}
}

// An answered first contact takes away what the reference says: 2.9 nats.
func TestScanAnswered(t *testing.T) {
	scan := NewScan(FailureRates{TCP: 50, Other: 200, Strangers: 600, Scanner: 950})
	for _, c := range []struct {
		v    feature.Vector
		want Nats
	}{
		{feature.Vector{TCP: feature.Contacts{Failed: 1}}, 2944},
		{feature.Vector{TCP: feature.Contacts{Answered: 1}}, -2944},
		{feature.Vector{Other: feature.Contacts{Failed: 1}}, 1558},
		{feature.Vector{Other: feature.Contacts{Answered: 1}}, -2773},
		{feature.Vector{TCP: feature.Contacts{Failed: 3, Answered: 1}, Other: feature.Contacts{Failed: 2}}, 2*2944 + 2*1558},
	} {
		if got := scan.Evidence(&c.v); got < c.want-4 || got > c.want+4 {
			t.Errorf("%+v: got %d, want %d", c.v, got, c.want)
		}
	}
}

func TestFloodEvidence(t *testing.T) {
	f := Flood{Bytes: 20_000, Packets: 200}
	for _, c := range []struct {
		bytes, packets uint64
		want           Nats
	}{
		{0, 0, 0}, {20_000, 200, 0}, // at the limits
		{20_001, 0, 2000 + 693}, {0, 201, 2000 + 695}, // 2 + ln 2
		{127_781, 0, 4000}, // 2 + ln(1 + 6.389): what an early warning takes
		{1_000_000, 0, 5932},
		{1 << 40, 0, 6000}, // the cap
	} {
		v := feature.Vector{UnansweredBytes: feature.Amount{Value: c.bytes}, UnansweredPackets: feature.Amount{Value: c.packets}}
		if got := f.Evidence(&v); got < c.want-3 || got > c.want+3 {
			t.Errorf("%d bytes, %d packets: %d, want %d", c.bytes, c.packets, got, c.want)
		}
	}
}

// The envelope's evidence is 5 (x/u ln 2 − 1), at most 6 (reference 3.12, 12).
func TestEnvelopeEvidence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := Envelope{Normal: rapid.Uint64Range(1, 1e11).Draw(t, "normal")}
		x := rapid.Uint64Range(0, 1<<43).Draw(t, "x")
		got := float64(e.Evidence(x))
		want := min(5000*(float64(x)/float64(e.Normal)*math.Ln2-1), 6000)
		if math.Abs(got-want) > 2 {
			t.Errorf("normal %d, x %d: %v, want %v", e.Normal, x, got, want)
		}
	})
}

// vector draws a pane with or without evidence of each family.
func vector(t *rapid.T, n pane.Number) feature.Vector {
	amount := func(most uint64, label string) feature.Amount {
		return feature.Amount{Value: rapid.Uint64Range(0, most).Draw(t, label), Observations: rapid.Int32Range(1, 6).Draw(t, label+" panes")}
	}
	return feature.Vector{
		Pane:            n,
		TCP:             feature.Contacts{Failed: rapid.Int32Range(0, 4).Draw(t, "failed"), Answered: rapid.Int32Range(0, 2).Draw(t, "answered")},
		UnansweredBytes: amount(60_000, "unanswered"), Uplink: amount(1_000_000, "uplink"), Starts: amount(150_000, "starts"),
	}
}

// Panes without traffic in closed form are the same as panes without traffic
// one by one (volume and flood), and levels stay within the caps.
func TestIdlePanesInClosedForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := shipped()
		d.Scan = nil // its leak is continuous
		var closed, slow State
		n := pane.Number(1000)
		for range rapid.IntRange(1, 12).Draw(t, "panes") {
			idle := pane.Number(rapid.IntRange(0, 40).Draw(t, "idle"))
			for range idle {
				n++
				quiet := feature.Vector{Pane: n}
				slow.Step(&d, &quiet, shippedReference())
			}
			n++
			v := vector(t, n)
			closed.Step(&d, &v, shippedReference())
			slow.Step(&d, &v, shippedReference())
			a, b := closed.At(n), slow.At(n)
			if a != b {
				t.Fatalf("pane %d after %d idle: closed form %+v, one by one %+v", n, idle, a, b)
			}
			if a.Of[Flooding] > floodCap || a.Of[Volume] > volumeCap || a.Of[Scanning] > scanCap {
				t.Fatalf("above a cap: %+v", a)
			}
		}
	})
}

// What a state says of a pane does not depend on having been asked before, and
// a stored state says the same.
func TestStateSurvivesItsStoredForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := shipped()
		var s State
		for n := pane.Number(10); n < 20; n += 3 {
			v := vector(t, n)
			s.Step(&d, &v, shippedReference())
		}
		last := pane.Number(rapid.IntRange(0, 30).Draw(t, "last"))
		stored := s.Append(nil, last)
		var back State
		r := wire.NewReader(stored)
		if back.Read(&r, last); !r.Done() || back != s {
			t.Fatalf("restored %+v from %x, want %+v", back, stored, s)
		}
		r = wire.NewReader(stored[:len(stored)-1])
		if back.Read(&r, last); !r.Failed() {
			t.Error("cut state: no error")
		}
	})
}

// Reference 6: a slow scan of 1.6 failed first contacts a day reaches 20 nats.
func TestSlowScanAddsUp(t *testing.T) {
	d := shipped()
	var s State
	const perDay = 5 // contacts in three days
	n := pane.Number(0)
	for range 30 * perDay {
		n += pane.Number(3*8640) / perDay
		v := feature.Vector{Pane: n, TCP: feature.Contacts{Failed: 1}}
		s.Step(&d, &v, shippedReference())
	}
	if got := s.At(n).Of[Scanning]; got < 20*Nat {
		t.Errorf("after 90 days at 1.67 failures a day: %d milli-nats, want 20000", got)
	}
}

// One failed contact is forgotten after about 15 days.
func TestScanIsForgotten(t *testing.T) {
	s := State{Scan: Sum{2944, 0}}
	for day, some := range map[pane.Number]bool{0: true, 3: true, 14: true, 15: false, 400: false} {
		if got := s.At(day * 8640).Of[Scanning]; (got > 0) != some {
			t.Errorf("day %d: %d milli-nats", day, got)
		}
	}
}
