package judge

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record"
	"cordon/scorer/detect"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// shipped is the rule with the shipped thresholds.
func shipped() *Rule {
	return &Rule{
		Malicious: 20_000, Families: 2, Family: 3_000, Broken: 12_000, Watch: 12_000, WatchOutside: 6_000, Clear: 6_000,
		ClearScan: 360, ClearFlood: 60, ClearOther: 8640, ClearFault: 180,
		Scan:  detect.NewScan(detect.FailureRates{TCP: 50, Other: 200, Strangers: 600, Scanner: 950}),
		Flood: detect.Flood{Bytes: 20_000, Packets: 200}, Uplink: detect.Envelope{Normal: 300_000}, Starts: detect.Envelope{Normal: 40_000},
	}
}

// levels returns evidence of the families that are measured.
func levels(scan, flood, volume detect.Nats) (l detect.Levels) {
	l.Of[detect.Scanning], l.Of[detect.Flooding], l.Of[detect.Volume] = scan, flood, volume
	return l
}

// What the shipped priors say is normal.
var (
	shippedUplink = detect.Normal{Value: 300_000, From: record.ReferencePrior}
	shippedStarts = detect.Normal{Value: 40_000, From: record.ReferencePrior}
)

// The decision rule, at its edges (architecture section 6).
func TestClass(t *testing.T) {
	const none, watch, malicious = record.ClassUnknown, record.ClassWatch, record.ClassMalicious
	for _, c := range []struct {
		scan, flood, volume detect.Nats
		want                record.Class
	}{
		{0, 0, 0, none},
		{20_000, 0, 0, malicious},         // a scan alone
		{19_999, 0, 0, watch},             // not quite
		{11_999, 0, 0, none},              // below WATCH
		{12_000, 0, 0, watch},             //
		{0, 12_000, 0, watch},             // a flood alone is never enough
		{0, 12_000, 7_999, watch},         // 19.999 nats
		{0, 12_000, 8_000, malicious},     // two families
		{17_001, 2_999, 0, watch},         // the second family is too weak
		{17_000, 3_000, 0, malicious},     //
		{0, 0, 12_000, none},              // volume decides nothing
		{5_999, 0, 12_000, none},          // 18 nats, of it less than 6 outside volume
		{6_000, 0, 12_000, watch},         //
		{8_000, 0, 12_000, malicious},     //
		{2_999, 5_001, 12_000, malicious}, // flood and volume carry it
	} {
		if got := shipped().Class(levels(c.scan, c.flood, c.volume)); got != c.want {
			t.Errorf("scan %d flood %d volume %d: %v, want %v", c.scan, c.flood, c.volume, got, c.want)
		}
	}
}

// Reference 3.5: "E 12 -> .04, 15 -> .26, 20 -> .92, 24 -> .995".
func TestScore(t *testing.T) {
	for evidence, want := range map[detect.Nats]int32{0: 0, 12_000: 43, 15_000: 266, 20_000: 923, 24_000: 995, 60_000: 1000} {
		if got := Score(evidence); got < want-1 || got > want+1 {
			t.Errorf("Score(%d) = %d, want %d", evidence, got, want)
		}
	}
}

// life is one terminal's evidence and case.
type life struct {
	rule      *Rule
	detectors detect.Detectors
	state     detect.State
	file      Case
	began     bool
}

// newLife returns a terminal without evidence.
func newLife() *life {
	r := shipped()
	return &life{rule: r, detectors: detect.Detectors{Scan: &r.Scan, Flood: &r.Flood, Uplink: &r.Uplink, Starts: &r.Starts}}
}

func (l *life) standing() detect.Standing { return detect.Standing{State: &l.state} }

// pane takes a pane and returns what became of the case.
func (l *life) pane(v feature.Vector) record.VerdictStatus {
	before := l.state.At(v.Pane - 1)
	l.file.Idle(l.standing(), v.Pane-1)
	l.state.Step(&l.detectors, &v, &detect.Reference{Uplink: shippedUplink, Starts: shippedStarts})
	if !l.began || l.file.Stale(before, v.Pane) {
		l.file.Begin(before, v.Pane)
		l.began = true
	}
	l.file.Take(l.rule, Seen{Vector: &v, Uplink: shippedUplink, Starts: shippedStarts, Before: &before})
	return l.step(v.Pane)
}

// step judges a pane without traffic.
func (l *life) step(n pane.Number) record.VerdictStatus {
	status := l.rule.Step(&l.file, l.standing(), n)
	if status != record.StatusUnknown {
		l.file.Told(l.standing(), n)
	}
	return status
}

// suspects returns n failed contacts to different hosts.
func suspects(n int, port uint16) []feature.Suspect {
	var list []feature.Suspect
	for i := range n {
		k := pane.KeyOf(&record.Flow{Protocol: pane.TCP, RemoteAddress: netip.MustParseAddr(fmt.Sprintf("203.0.113.%d", i+1)), RemotePort: int32(port)})
		list = append(list, feature.Suspect{Key: k, Flows: 1, UL: 40, Packets: 1, Contact: true})
	}
	return list
}

// scanned is a pane with failed first contacts.
func scanned(n pane.Number, failed int32) feature.Vector {
	return feature.Vector{Pane: n, TCP: feature.Contacts{Failed: failed}, Suspects: suspects(int(failed), 23)}
}

// flooded is a pane of an unanswered flood.
func flooded(n pane.Number) feature.Vector {
	return feature.Vector{
		Pane: n, UnansweredBytes: feature.Amount{Value: 1_000_000, Observations: 1}, UnansweredPackets: feature.Amount{Value: 5000, Observations: 1},
		Uplink:   feature.Amount{Value: 1_000_000, Observations: 1},
		Suspects: []feature.Suspect{{Key: pane.Key{Form: pane.FormIPv4, Port: 80, Protocol: pane.TCP}, Flows: 3, UL: 1_000_000, Packets: 5000}},
	}
}

func TestScanCase(t *testing.T) {
	l := newLife()
	if got := l.pane(scanned(1000, 4)); got != record.StatusUnknown {
		t.Errorf("11.8 nats: %v, want nothing", got)
	}
	if got := l.pane(scanned(1001, 1)); got != record.StatusRaised || l.file.Class != record.ClassWatch {
		t.Errorf("14.7 nats: %v %v, want RAISED WATCH", got, l.file.Class)
	}
	if got := l.pane(scanned(1002, 2)); got != record.StatusUpdated || l.file.Class != record.ClassMalicious {
		t.Errorf("20.6 nats: %v %v, want UPDATED MALICIOUS at once", got, l.file.Class)
	}
	for n := pane.Number(1003); n < 1002+360; n++ {
		if got := l.step(n); got == record.StatusCleared {
			t.Fatalf("cleared in pane %d", n)
		}
	}
	if got := l.step(1002 + 360); got != record.StatusCleared {
		t.Errorf("an hour after the last contact: %v, want CLEARED", got)
	}
	if got := l.standing().At(1002 + 360).Of[detect.Scanning]; got != 6000 {
		t.Errorf("standing evidence %d, want 6000 (reference 3.5)", got)
	}
}

// Below the level of MALICIOUS the half-life of 3 d stays, so that a slow scan
// adds up.
func TestWatchedScanIsNotLowered(t *testing.T) {
	l := newLife()
	l.pane(scanned(1000, 5))
	for n := pane.Number(1001); n < 1000+8640; n++ {
		if got := l.step(n); got == record.StatusCleared {
			t.Fatalf("cleared in pane %d", n)
		}
	}
	if got := l.standing().At(1000 + 8640).Of[detect.Scanning]; got < 11_000 {
		t.Errorf("a day later %d milli-nats, want 0.79 of 14720", got)
	}
}

func TestFloodCase(t *testing.T) {
	l := newLife()
	if got := l.pane(flooded(1000)); got != record.StatusUnknown && l.file.Class != record.ClassWatch {
		t.Errorf("first pane: %v %v", got, l.file.Class)
	}
	l.pane(flooded(1001))
	if l.file.Class != record.ClassMalicious || l.file.Families != 1<<detect.Flooding|1<<detect.Volume {
		t.Errorf("second pane: %v, families %b, want MALICIOUS by flood and volume", l.file.Class, l.file.Families)
	}
	for n := pane.Number(1002); n < 1001+60; n++ {
		if got := l.step(n); got == record.StatusCleared {
			t.Fatalf("cleared in pane %d", n)
		}
	}
	if got := l.step(1001 + 60); got != record.StatusCleared {
		t.Errorf("ten minutes after the flood: %v, want CLEARED", got)
	}
	if l.file.used != 0 || l.file.Measured.FloodPanes != 0 {
		t.Errorf("after a clear %d destinations and %+v stand", l.file.used, l.file.Measured)
	}
	l.pane(flooded(1001 + 200))
	if got := l.file.First; got != 1000 {
		t.Errorf("taken up again within 24 h under pane %d, want the same case, 1000", got)
	}
}

// A case goes on being one under the same name for 24 h after it was cleared.
func TestStale(t *testing.T) {
	for _, c := range []struct {
		name  string
		file  Case
		level detect.Nats
		want  bool
	}{
		{"open", Case{Open: true, First: 1}, 0, false},
		{"evidence is left", Case{First: 1}, 3000, false},
		{"nothing is left", Case{First: 1}, 0, true},
		{"cleared an hour ago", Case{First: 1, Cleared: 10_000 - 360}, 0, false},
		{"cleared a day ago", Case{First: 1, Cleared: 10_000 - 8640}, 5000, true},
	} {
		if got := c.file.Stale(levels(c.level, 0, 0), 10_000); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// An open case with nothing new of weight is told at most once a minute.
func TestUpdatesAreFew(t *testing.T) {
	l := newLife()
	l.pane(scanned(1000, 9))
	told := 0
	for n := pane.Number(1001); n <= 1060; n++ {
		v := scanned(n, 1)
		v.Suspects = v.Suspects[:1] // the same destination again
		if l.pane(v) != record.StatusUnknown {
			told++
		}
	}
	if told != 10 {
		t.Errorf("told %d times in ten minutes, want 10", told)
	}
}

func TestDestinations(t *testing.T) {
	r := shipped()
	var c Case
	c.Begin(detect.Levels{}, 1)
	v := scanned(1, 12)
	c.Take(r, Seen{Vector: &v, Uplink: shippedUplink, Starts: shippedStarts})
	if got := len(c.Destinations()); got != DestinationLimit {
		t.Errorf("%d destinations, want %d", got, DestinationLimit)
	}
	f := flooded(2)
	f.Suspects[0].Flows = 500
	service := feature.Suspect{Key: pane.Key{Form: pane.FormIPv4, Port: 123, Protocol: pane.UDP}, Flows: 900, UL: 76, Packets: 1, Service: true}
	f.Suspects = append(f.Suspects, service)
	c.Take(r, Seen{Vector: &f, Uplink: shippedUplink, Starts: shippedStarts})
	if got := c.Destinations()[0]; got.Key != f.Suspects[0].Key || got.Flows != 500 {
		t.Errorf("largest %+v, want the victim", got)
	}
	if c.find(service.Key) >= 0 {
		t.Error("a time server stands among the destinations")
	}
	other := flooded(3)
	other.Suspects[0].Port = 443
	c.Take(r, Seen{Vector: &other})
	if got := c.Destinations()[0]; got.Port != 0 || got.Flows != 503 {
		t.Errorf("after another port of the victim %+v, want any port and 503 flows", got)
	}
	victim := c.Destinations()[1].Key
	c.Take(r, Seen{Vector: &feature.Vector{Pane: 4, Answering: []pane.Key{victim}}})
	if c.find(victim) >= 0 {
		t.Errorf("%v answered and still stands", victim)
	}
}

func TestVerdictExplainsItself(t *testing.T) {
	l := newLife()
	l.pane(scanned(1000, 9))
	var v record.Verdict
	l.rule.Write(&l.file, l.standing(), 1000, &v)
	if len(v.Reasons) != 1 {
		t.Fatalf("reasons %+v, want one", v.Reasons)
	}
	var sum int64
	for _, r := range v.Reasons {
		sum += r.Contribution
	}
	if sum != v.Evidence {
		t.Errorf("contributions sum to %d, evidence is %d", sum, v.Evidence)
	}
	if r := v.Reasons[0]; r.Value != 9 || r.Samples[0] != "tcp 9 failed 0 answered" {
		t.Errorf("reason %+v", r)
	}
	if want := "with 2 of the 9 failed first contacts answered this would be WATCH"; v.Counterfactual != want {
		t.Errorf("counterfactual %q, want %q", v.Counterfactual, want)
	}
	if v.Exceptions[0].ExceptionID != record.WrongDestinationAddress || v.Exceptions[0].Level != 100 {
		t.Errorf("exceptions %+v", v.Exceptions)
	}
	if got := strings.Join(v.TechniqueIDs, " "); got != "FGT1046 T1046" {
		t.Errorf("techniques %q", got)
	}
}

// The counterfactual is true: had so many contacts been answered, the same sums
// would lead to the class it says, and one less would not.
func TestCounterfactualHolds(t *testing.T) {
	r := shipped()
	count := func(t *rapid.T, name string) feature.Contacts {
		return feature.Contacts{Failed: int32(rapid.IntRange(0, 40).Draw(t, name+" failed")), Answered: int32(rapid.IntRange(0, 3).Draw(t, name+" answered"))}
	}
	rapid.Check(t, func(t *rapid.T) {
		m := Measured{TCP: count(t, "tcp"), Other: count(t, "other"), Carried: Carried{Scan: detect.Nats(rapid.IntRange(0, 6000).Draw(t, "carried"))}}
		scan := func(answered int32) detect.Nats {
			tcp := min(answered, m.TCP.Failed)
			v := feature.Vector{TCP: answer(m.TCP, tcp), Other: answer(m.Other, answered-tcp)}
			return r.Scan.Standing(m.Carried.Scan + r.Scan.Evidence(&v))
		}
		l := levels(scan(0), detect.Nats(rapid.IntRange(0, 12_000).Draw(t, "flood")), detect.Nats(rapid.IntRange(0, 12_000).Draw(t, "volume")))
		text := r.counterfactual(&m, l)
		var needed int32
		if _, err := fmt.Sscanf(text, "with %d of the", &needed); err != nil {
			return
		}
		with := func(answered int32) record.Class {
			other := l
			other.Of[detect.Scanning] = scan(answered)
			return r.Class(other)
		}
		if needed < 1 || needed > m.TCP.Failed+m.Other.Failed {
			t.Errorf("%+v: %q, but no such number of contacts failed", m, text)
		}
		if milder := with(needed); milder == r.Class(l) || !strings.HasSuffix(text, name(milder)) {
			t.Errorf("%+v %+v: %q, but it would be %v", m, l, text, milder)
		}
		if m.Carried.Scan+r.Scan.Evidence(&feature.Vector{TCP: m.TCP, Other: m.Other}) >= 0 && with(needed-1) != r.Class(l) {
			t.Errorf("%+v %+v: %q, but fewer are enough", m, l, text)
		}
	})
}

// 128 contacts that failed give 377 nats, of which 60 count: that 7 of them had
// been answered would change nothing.
func TestCounterfactualLooksBehindTheCap(t *testing.T) {
	l := newLife()
	for n := pane.Number(1000); n < 1004; n++ {
		l.pane(scanned(n, 32))
	}
	var v record.Verdict
	l.rule.Write(&l.file, l.standing(), 1003, &v)
	if want := "with 61 of the 128 failed first contacts answered this would be WATCH"; v.Counterfactual != want {
		t.Errorf("counterfactual %q, want %q", v.Counterfactual, want)
	}
}

// A scan that is taken up as a new case still carries what was left of the old
// one; the reason says so, else its contribution could not be recomputed.
func TestNewCaseTellsWhatWasLeft(t *testing.T) {
	l := newLife()
	l.pane(scanned(1000, 9))
	n := pane.Number(1001)
	for ; l.file.Open; n++ {
		l.step(n)
	}
	n += reopenSpan
	if l.pane(scanned(n, 6)) != record.StatusRaised || l.file.First != n {
		t.Fatalf("case %+v, want a new one, raised", l.file)
	}
	var v record.Verdict
	l.rule.Write(&l.file, l.standing(), n, &v)
	scan := v.Reasons[0]
	if left := scan.Contribution - 6*2944; left <= 0 || !strings.Contains(strings.Join(scan.Samples, ", "), "carried over "+inFull(detect.Nats(left))) {
		t.Errorf("%d nats, samples %q: want the %d nats of the old case among them", scan.Contribution, scan.Samples, left)
	}
}

// What is left of a family that was lowered is told as carried over, and what comes
// after is counted anew: six nats and two contacts, not eleven contacts.
func TestLoweredIsMeasuredAnew(t *testing.T) {
	l := newLife()
	l.pane(scanned(1000, 9))
	l.rule.lower(&l.file, l.standing(), 1361)
	l.pane(scanned(1362, 2))
	var v record.Verdict
	l.rule.Write(&l.file, l.standing(), 1362, &v)
	scan := v.Reasons[0]
	if want := []string{"tcp 2 failed 0 answered", "other 0 failed 0 answered", "carried over 6.000 nats"}; scan.Value != 2 || !slices.Equal(scan.Samples[:3], want) || scan.Contribution < 6000+2*2944-2 || scan.Contribution > 6000+2*2945 {
		t.Errorf("scan %+v, want 2 contacts and 6 nats carried over: %d", scan, 6000+2*2944)
	}
}

// A flood that was over, with nothing left of it, has no part in what the next one is
// told to be.
func TestPastFloodIsNotTold(t *testing.T) {
	l := newLife()
	l.pane(scanned(1000, 5))
	l.pane(flooded(1001))
	l.pane(flooded(1002))
	l.pane(flooded(1200))
	var v record.Verdict
	l.rule.Write(&l.file, l.standing(), 1200, &v)
	for _, r := range v.Reasons {
		if r.Family == detect.Flooding.String() && r.Samples[0] != "panes above the limit: 1, together 5.932 nats" {
			t.Errorf("flood %+v, want one pane", r)
		}
	}
	if len(v.Reasons) != 3 {
		t.Errorf("reasons %+v, want scan, flood and volume", v.Reasons)
	}
}

// Volume that stood before the first contact failed is told as such.
func TestVolumeBeforeTheCaseIsTold(t *testing.T) {
	l := newLife()
	for n := pane.Number(1000); n < 1003; n++ {
		v := feature.Vector{Pane: n, Uplink: feature.Amount{Value: 900_000, Observations: 1}}
		l.state.Step(&l.detectors, &v, &detect.Reference{Uplink: shippedUplink, Starts: shippedStarts})
	}
	l.pane(scanned(1003, 9))
	var v record.Verdict
	l.rule.Write(&l.file, l.standing(), 1003, &v)
	volume := v.Reasons[len(v.Reasons)-1]
	if volume.Family != detect.Volume.String() || !strings.Contains(strings.Join(volume.Samples, ", "), "carried over 12.000 nats") || volume.Reference != record.ReferencePrior || volume.Expected != 300_000 {
		t.Errorf("reason %+v, want it to say what stood before", volume)
	}
}

// A flood that gets a victim among the destinations of its case already has
// another exception: that is told at once.
func TestVictimIsToldAtOnce(t *testing.T) {
	l := newLife()
	many := scanned(1000, 32)
	many.UnansweredPackets, many.UnansweredBytes = feature.Amount{Value: 1000, Observations: 1}, feature.Amount{Value: 60_000, Observations: 1}
	l.pane(many)
	if l.file.ddos() {
		t.Fatalf("case %+v: a scan is told as a flood", l.file)
	}
	one := flooded(1001)
	one.Suspects = suspects(1, 23)
	one.Suspects[0].Key, one.Suspects[0].Packets, one.Suspects[0].UL = l.file.Destinations()[0].Key, 5000, 1_000_000
	if got := l.pane(one); got != record.StatusUpdated || !l.file.ddos() {
		t.Errorf("%v, told as a flood: %v; want UPDATED and yes", got, l.file.ddos())
	}
}

// Judging an open case only when Wake says so is judging it in every pane.
func TestWakeMissesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLife()
		n := pane.Number(1000)
		for range rapid.IntRange(1, 12).Draw(t, "panes") {
			n += pane.Number(rapid.IntRange(1, 4).Draw(t, "gap"))
			switch rapid.IntRange(0, 2).Draw(t, "kind") {
			case 0:
				l.pane(scanned(n, int32(rapid.IntRange(1, 5).Draw(t, "failed"))))
			case 1:
				l.pane(flooded(n))
			case 2:
				l.pane(feature.Vector{Pane: n, Uplink: feature.Amount{Value: 500_000, Observations: 1}})
			}
		}
		every, some := *l, *l
		end := n + pane.Number(rapid.IntRange(1, 60_000).Draw(t, "silence"))
		due := end + 1
		if some.file.Open {
			due = some.rule.Wake(&some.file, some.standing(), n)
		}
		for m := n + 1; m <= end && every.file.Open; m++ {
			want := every.step(m)
			if m < due {
				if want != record.StatusUnknown {
					t.Fatalf("pane %d: %v, but Wake says %d", m, want, due)
				}
				continue
			}
			some.file.Idle(some.standing(), m-1)
			if got := some.step(m); got != want || !reflect.DeepEqual(some.file, every.file) || some.state != every.state {
				t.Fatalf("pane %d: %v, %+v\nwant %v, %+v", m, got, some.file, want, every.file)
			}
			if some.file.Open {
				due = some.rule.Wake(&some.file, some.standing(), m)
			}
		}
		if every.file.Open != some.file.Open {
			t.Fatalf("open %v, want %v", some.file.Open, every.file.Open)
		}
	})
}

func TestCaseSurvivesItsStoredForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLife()
		for n := pane.Number(1); n < 20; n++ {
			switch rapid.IntRange(0, 2).Draw(t, "kind") {
			case 0:
				l.pane(scanned(n, int32(rapid.IntRange(0, 5).Draw(t, "failed"))))
			case 1:
				l.pane(flooded(n))
			}
		}
		stored := l.file.Append(nil)
		var back Case
		rest, err := back.Restore(stored, false)
		want := l.file
		want.Level, want.Trend = 0, 0 // found anew by every Step
		for i := want.used; i < DestinationLimit; i++ {
			want.destinations[i] = Destination{}
		}
		if err != nil || len(rest) != 0 || !reflect.DeepEqual(back, want) {
			t.Fatalf("restored %+v (%v), want %+v", back, err, want)
		}
		for cut := range stored {
			if _, err := new(Case).Restore(stored[:cut], false); err == nil {
				t.Fatalf("cut at %d of %d: no error", cut, len(stored))
			}
		}
	})
}

func FuzzRestoreCase(f *testing.F) {
	f.Add(new(Case).Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) { _, _ = new(Case).Restore(b, false) })
}
