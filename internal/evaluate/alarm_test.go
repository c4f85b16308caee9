package evaluate

import (
	"strings"
	"testing"

	"cordon/internal/record"
)

// What a backtest writes is read back as it was.
func TestReadVerdictsAndEarly(t *testing.T) {
	v := record.Verdict{
		Terminal: terminal(1), VerdictID: record.ID{9}, StateGeneration: 2, Sequence: 3, Status: record.StatusUpdated, Class: malicious,
		Exceptions: []record.Exception{{ExceptionID: scan, Level: 90}}, Evidence: 25_000, DecidedAt: minute(3),
	}
	line, err := record.AppendJSON(nil, &v)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadVerdicts(strings.NewReader("\n" + string(line) + "\n" + string(line)))
	want := Statement{Terminal: terminal(1), Case: record.ID{9}, Generation: 2, Sequence: 3, Status: record.StatusUpdated, Class: malicious, Evidence: 25_000, At: minute(3)}
	if err != nil || len(got) != 2 || len(got[0].Exceptions) != 1 || got[0].Exceptions[0] != scan {
		t.Fatalf("got %+v, error %v; want two statements about a scan", got, err)
	}
	got[0].Exceptions = nil
	if g := got[0]; g.Terminal != want.Terminal || g.Case != want.Case || g.Generation != want.Generation || g.Sequence != want.Sequence ||
		g.Status != want.Status || g.Class != want.Class || g.Evidence != want.Evidence || g.At != want.At {
		t.Errorf("got %+v, want %+v", g, want)
	}

	line, err = record.AppendJSON(nil, &record.EarlyWarning{Terminal: terminal(1), ExceptionID: flood, OccurredAt: minute(4)})
	if err != nil {
		t.Fatal(err)
	}
	early, err := ReadEarly(strings.NewReader(string(line)))
	if err != nil || len(early) != 1 || early[0] != (Warning{terminal(1), flood, minute(4)}) {
		t.Errorf("got %+v, error %v; want the warning", early, err)
	}
}

func FuzzReadVerdicts(f *testing.F) {
	f.Add(`{"terminal":"000102030405060708090a0b0c0d0e0f","status":"RAISED","class":"WATCH"}`)
	f.Add("{}\n\n{")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ReadVerdicts(strings.NewReader(text))
		if len(Alarms(list)) > len(list) {
			t.Errorf("%q: more alarms than statements, error %v", text, err)
		}
	})
}
