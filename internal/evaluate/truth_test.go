package evaluate

import (
	"strings"
	"testing"

	"cordon/internal/record"
)

// Contracts section 9: "truth is CSV source,label,start,end,exceptionId (label
// malicious | malfunctioning | benign; times RFC 3339; empty end = until the
// end; a source not listed is benign)".
func TestReadTruth(t *testing.T) {
	const text = "source,label,start,end,exceptionId\n" +
		"192.168.1.7,malicious,2026-01-01T00:10:00Z,,WRONG_DESTINATION_ADDRESS\n" +
		"imsi-001010000000001,malfunctioning,2026-01-01T00:10:00.5Z,2026-01-01T00:20:00Z,\n" +
		"10.0.0.1,benign,,,\n"
	got, err := ReadTruth(strings.NewReader(text))
	if err != nil || len(got) != 2 {
		t.Fatalf("got %d episodes, error %v; want 2", len(got), err)
	}
	if want := (Episode{Source: "192.168.1.7", Label: Malicious, Start: minute(10), ExceptionID: scan}); got[0] != want {
		t.Errorf("got %+v, want %+v", got[0], want)
	}
	if want := (Episode{Source: "imsi-001010000000001", Label: Malfunctioning, Start: minute(10) + record.Second/2, End: minute(20)}); got[1] != want {
		t.Errorf("got %+v, want %+v", got[1], want)
	}
}

// Columns in another order, and some more.
func TestReadTruthByHeading(t *testing.T) {
	const text = "\ufeffclass,label,kind,source,exceptionId,end,start,remark\ncamera,malicious,scan,a,,,2026-01-01T00:10:00Z,x\n"
	got, err := ReadTruth(strings.NewReader(text))
	if err != nil || len(got) != 1 || got[0] != (Episode{Source: "a", Label: Malicious, Start: minute(10), Kind: "scan", Class: "camera"}) {
		t.Errorf("got %+v, error %v", got, err)
	}
}

func TestReadTruthErrors(t *testing.T) {
	const heading = "source,label,start,end,exceptionId\n"
	for _, c := range []struct{ text, want string }{
		{"", "source,label,start,end,exceptionId"},
		{"source,label\n", "start"},
		{heading + ",malicious,2026-01-01T00:00:00Z,,\n", "line 2: source"},
		{heading + "secret,bad,2026-01-01T00:00:00Z,,\n", "line 2: label"},
		{heading + "secret,malicious,,,\n", "line 2: start"},
		{heading + "secret,malicious,2026-01-01T00:00:00Z,noon,\n", "line 2: end"},
		{heading + "secret,malicious,2026-01-01T00:00:01Z,2026-01-01T00:00:00Z,\n", "line 2: end"},
		{heading + "secret,malicious,2026-01-01T00:00:00Z,,NO\n", "line 2: exceptionId"},
		{heading + "secret,malicious\n", "wrong number of fields"},
	} {
		_, err := ReadTruth(strings.NewReader(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got error %v, want one with %q", c.text, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the error names the source: %v", c.text, err)
		}
	}
}

func TestTerminals(t *testing.T) {
	const id = "000102030405060708090a0b0c0d0e0f"
	terminals, err := ReadTerminals(strings.NewReader("source,supi,terminal\n192.168.1.7,imsi-001010000000001," + id + "\n"))
	if err != nil || terminals.Count() != 1 {
		t.Fatalf("got %v, error %v; want one terminal", terminals, err)
	}
	episodes := []Episode{{Source: "192.168.1.7"}, {Source: "imsi-001010000000001"}, {Source: "elsewhere"}}
	if unknown := terminals.Resolve(episodes); len(unknown) != 1 || unknown[0] != "elsewhere" {
		t.Errorf("unknown: got %v, want elsewhere", unknown)
	}
	for i, e := range episodes[:2] {
		if e.Terminal.String() != id {
			t.Errorf("episode %d: got %s, want %s by address and by SUPI", i, e.Terminal, id)
		}
	}
	for _, text := range []string{"", "source,terminal\n", "source,supi,terminal\na,b,xyz\n"} {
		if _, err := ReadTerminals(strings.NewReader(text)); err == nil {
			t.Errorf("%q: got no error", text)
		}
	}
}

func FuzzReadTruth(f *testing.F) {
	f.Add("source,label,start,end,exceptionId\na,malicious,2026-01-01T00:10:00Z,,PING_PONG_ACROSS_CELLS\n")
	f.Add("source,label,start,end,exceptionId,kind\na,benign,,,,\n\"")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ReadTruth(strings.NewReader(text))
		for _, e := range list {
			if e.Source == "" || e.Label.Class() == record.ClassUnknown || e.End != 0 && e.End < e.Start {
				t.Errorf("%q: read %+v, error %v", text, e, err)
			}
		}
	})
}
