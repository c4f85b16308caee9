package simulate

import (
	"bytes"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/raw"
	"cordon/internal/record"
)

// A fleet of the built-in classes as they are described is the fleet that no
// description makes.
func TestBuiltInIsTheDefault(t *testing.T) {
	s := everything()
	s.Duration = 20 * record.Minute
	s.Attacks = []Attack{{Kind: "evasive-mimic", Count: 2}, {Kind: "sim-moved", Count: 2}}
	want := encoded(t, s)
	s.Classes = BuiltIn()
	if !bytes.Equal(want, encoded(t, s)) {
		t.Error("the built-in classes, described, gave other bytes than none")
	}
}

// The tag that lists what a class may be like names all built-in classes.
func TestLikeNamesTheBuiltInClasses(t *testing.T) {
	field, _ := reflect.TypeFor[Class]().FieldByName("Like")
	if got := strings.Fields(field.Tag.Get("oneof")); !slices.Equal(got, Classes()) {
		t.Errorf("tag of Like: %v, want %v", got, Classes())
	}
}

// ownClasses are a built-in class and one of one's own that is different in all
// that a meter can be.
var ownClasses = []Class{
	{Name: "controller", Share: 1},
	{
		Name: "water-meter", Like: "meter", Share: 3, DNN: "water", Slice: "3-0000ff", Hours: "06-22", Mobility: moving,
		Sleep: Never, Session: Length{2 * record.Hour, 3 * record.Hour}, Management: Pause(20 * record.Minute),
		Server:  Server{Domain: "water.example.com", Protocol: "udp", Port: 5684, Hosts: 2},
		Reports: Talk{Every: Pause(record.Hour), Lasts: Length{record.Second, record.Second}, Up: Bytes{300, 300}, Down: Bytes{60, 60}},
	},
}

// TestOwnClass holds the records of a class of one's own against what was asked
// for.
func TestOwnClass(t *testing.T) {
	f := mustNew(t, Settings{Terminals: 80, Start: start, Duration: 12 * record.Hour, Seed: 5, Classes: ownClasses})
	waters := 0
	for i := range f.terminals {
		if f.classOf(&f.terminals[i]).name == "water-meter" {
			waters++
		}
	}
	if waters != 60 {
		t.Fatalf("%d water meters of 80 terminals, want 60 for 3 parts of 4", waters)
	}
	own := netip.MustParsePrefix("198.18.193.0/24") // the second class's
	n := map[string]int{}
	each(t, f, func(r *raw.Telemetry) {
		if f.classOf(&f.terminals[terminalOf(r)]).name != "water-meter" {
			if r.Kind == record.KindFlow && own.Contains(r.Flow.RemoteAddress) {
				t.Fatalf("a controller speaks with the water meters' server")
			}
			return
		}
		switch r.Kind {
		case record.KindSession:
			if r.DNN != "water" || r.SNSSAI != "3-0000ff" || r.PEI[5:13] != "00100202" {
				t.Fatalf("session of a water meter: %s %s, code %s; want water, 3-0000ff, 00100202", r.DNN, r.SNSSAI, r.PEI[5:13])
			}
			n["sessions"]++
		case record.KindRegistration:
			n[r.Registration.Event.String()]++
		case record.KindDeviceStatus:
			n["status"]++
		case record.KindFlow:
			if !own.Contains(r.Flow.RemoteAddress) {
				return
			}
			n["reports"]++
			if f := r.Flow; f.Protocol != udp || f.RemotePort != 5684 || f.ULVolume != 300+28 || r.OccurredAt-f.StartTime.Value != record.Second {
				t.Fatalf("report of a water meter: protocol %d, port %d, %d bytes, %v; want UDP, 5684, 328 bytes, 1s", f.Protocol, f.RemotePort, f.ULVolume, r.OccurredAt-f.StartTime.Value)
			}
		}
	})
	for what, want := range map[string][2]int{
		// 12 h at busy hours: 09-20 and one more of it lies after 08:00.
		"reports": {600, 1200}, "sessions": {60 * 7, 60 * 14}, "status": {60 * 30, 60 * 40}, "SERVICE_REQUEST": {0, 0}, "HANDOVER": {60, 1 << 30},
	} {
		if got := n[what]; got < want[0] || got > want[1] {
			t.Errorf("%s of 60 water meters in 12 h: %d, want %d..%d", what, got, want[0], want[1])
		}
	}
}

// Kinds of attack take a variant for what it is like, and find it by its name.
func TestOwnClassIsAttacked(t *testing.T) {
	s := Settings{Terminals: 80, Start: start, Duration: record.Hour, Classes: ownClasses, Attacks: []Attack{{Kind: "stuck", Count: 3}, {Kind: "scan", Class: "water-meter", Count: 2}}}
	f := mustNew(t, s)
	if got := f.Truth(); len(got) != 5 {
		t.Fatalf("%d rows of truth, want 5", len(got))
	}
	for _, row := range f.Truth() {
		if row.Class != "water-meter" {
			t.Errorf("%s happened to a %s, want a water-meter", row.Kind, row.Class)
		}
	}
	s.Attacks = []Attack{{Kind: "scan", Class: "camera", Count: 1}}
	if _, err := New(s); err == nil || !strings.Contains(err.Error(), "controller, water-meter") {
		t.Errorf("an attack on a class that the fleet does not have: error %v, want one that lists controller, water-meter", err)
	}
}

func TestRefusedClasses(t *testing.T) {
	good := Class{Name: "water-meter", Like: "meter", Share: 1}
	for _, c := range []struct {
		key    string
		change func(*Class)
	}{
		{"name", func(c *Class) { c.Name = "" }},
		{"name", func(c *Class) { c.Name = "Water Meter" }},
		{"like", func(c *Class) { c.Like = "" }},
		{"like", func(c *Class) { c.Like = "toaster" }},
		{"share", func(c *Class) { c.Share = 0 }},
		{"share", func(c *Class) { c.Share = -1 }},
		{"share", func(c *Class) { c.Share = maxShare + 1 }},
		{"type_code", func(c *Class) { c.TypeCode = "35100201" }},
		{"dnn", func(c *Class) { c.DNN = "-" }},
		{"slice", func(c *Class) { c.Slice = "256" }},
		{"slice", func(c *Class) { c.Slice = "1-xyz" }},
		{"hours", func(c *Class) { c.Hours = "22-22" }},
		{"mobility", func(c *Class) { c.Mobility = "flying" }},
		{"sleep", func(c *Class) { c.Sleep = Pause(record.Second) }},
		{"session", func(c *Class) { c.Session = Length{record.Second, record.Hour} }},
		{"session", func(c *Class) { c.Session = Length{2 * record.Hour, record.Hour} }},
		{"management", func(c *Class) { c.Management = Pause(record.Second) }},
		{"server.domain", func(c *Class) { c.Server.Domain = "nowhere" }},
		{"server.protocol", func(c *Class) { c.Server.Protocol = "sctp" }},
		{"server.port", func(c *Class) { c.Server.Port = 65536 }},
		{"server.hosts", func(c *Class) { c.Server.Hosts = maxHosts + 1 }},
		{"reports.every", func(c *Class) { c.Reports.Every = Pause(record.Millisecond) }},
		{"reports.every", func(c *Class) { c.Reports.Every = Never }},
		{"reports.lasts", func(c *Class) { c.Reports.Lasts = Length{1, 1} }},
		{"reports.up", func(c *Class) { c.Reports.Up = Bytes{0, 5} }},
		{"reports.down", func(c *Class) { c.Reports.Down = Bytes{1, maxBytes + 1} }},
		{"keep_alive", func(c *Class) { c.KeepAlive.Every = Pause(record.Minute) }},
		{"browsing", func(c *Class) { c.Browsing.Every = Pause(record.Minute) }},
	} {
		bad := good
		c.change(&bad)
		problems := CheckClasses([]Class{{Name: "meter"}, bad})
		if len(problems) != 1 || problems[0].Key != c.key || problems[0].Index != 1 || problems[0].Problem == "" || problems[0].Remedy == "" {
			t.Errorf("CheckClasses(%+v) = %v; want one problem of class 1, key %s, with a remedy", bad, problems, c.key)
		}
		if _, err := New(Settings{Terminals: 10, Start: start, Duration: record.Hour, Classes: []Class{bad}}); err == nil {
			t.Errorf("New accepted %+v", bad)
		}
	}
	if problems := CheckClasses([]Class{good, good}); len(problems) != 1 || problems[0].Key != "name" {
		t.Errorf("a name that is there twice: %v, want one problem of name", problems)
	}
	var many []Class
	for i := range maxClasses + 1 {
		many = append(many, good)
		many[i].Name = fmt.Sprint("class-", i)
	}
	if problems := CheckClasses(many[:maxClasses]); len(problems) != 0 {
		t.Errorf("%d classes: %v, want none", maxClasses, problems)
	}
	if problems := CheckClasses(many); len(problems) != 1 || problems[0].Index != maxClasses {
		t.Errorf("%d classes: %v, want one problem of the last", len(many), problems)
	}
}

// The texts of parameters are read as they are written.
func TestParameterTexts(t *testing.T) {
	micros := rapid.Int64Range(1, int64(longest))
	rapid.Check(t, func(t *rapid.T) {
		pause, length, amount := Pause(micros.Draw(t, "pause")), Length{From: record.Micros(micros.Draw(t, "from"))}, Bytes{From: rapid.Int64Range(1, 1<<40).Draw(t, "bytes")}
		length.To = record.Micros(rapid.Int64Range(int64(length.From), int64(longest)).Draw(t, "to"))
		amount.To = rapid.Int64Range(amount.From, 1<<41).Draw(t, "more")
		var gotPause Pause
		if err := gotPause.UnmarshalText([]byte(pause.String())); err != nil || gotPause != pause {
			t.Errorf("pause %q: read as %v, %v", pause, gotPause, err)
		}
		var gotLength Length
		if err := gotLength.UnmarshalText([]byte(length.String())); err != nil || gotLength != length {
			t.Errorf("length %q: read as %v, %v", length, gotLength, err)
		}
		var gotBytes Bytes
		if err := gotBytes.UnmarshalText([]byte(amount.String())); err != nil || gotBytes != amount {
			t.Errorf("bytes %q: read as %v, %v", amount, gotBytes, err)
		}
	})
}

func TestHours(t *testing.T) {
	for _, c := range []struct {
		text       string
		busy, idle []int // hours
	}{
		{"06-22", []int{6, 21}, []int{5, 22}},
		{"22-6", []int{22, 23, 0, 5}, []int{6, 21}},
		{"0-24", nil, nil},
		{"people", nil, nil},
		{"6", nil, nil}, {"a-b", nil, nil}, {"-1-5", nil, nil}, {"3-25", nil, nil}, {"", nil, nil}, {"7-7", nil, nil},
	} {
		day := Hours(c.text).day()
		if (day != nil) != (c.busy != nil || c.text == "people") {
			t.Errorf("hours %q: day %v", c.text, day)
			continue
		}
		for _, hour := range c.busy {
			if day[hour] < 100 {
				t.Errorf("hours %q: %d %% at %d:00, want busy", c.text, day[hour], hour)
			}
		}
		for _, hour := range c.idle {
			if day[hour] != idle {
				t.Errorf("hours %q: %d %% at %d:00, want %d", c.text, day[hour], hour, idle)
			}
		}
	}
}

func FuzzParameterTexts(f *testing.F) {
	for _, text := range []string{"never", "15m", "2d", "24h..96h", "900..3200", "48", "06-22", "people", "..", "1d..", "9999999999999d"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var p, p2 Pause
		if p.UnmarshalText([]byte(text)) == nil && p != 0 && (p2.UnmarshalText([]byte(p.String())) != nil || p2 != p) {
			t.Errorf("pause %q is written %q, read as %d", text, p, p2)
		}
		var l, l2 Length
		if l.UnmarshalText([]byte(text)) == nil && l.From > 0 && (l2.UnmarshalText([]byte(l.String())) != nil || l2 != l) {
			t.Errorf("length %q is written %q, read as %v", text, l, l2)
		}
		if day := Hours(text).day(); day != nil && slices.Min(day[:]) < 1 {
			t.Errorf("hours %q: %v, want no hour without activity", text, day)
		}
	})
}
