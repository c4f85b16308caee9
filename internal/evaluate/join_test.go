package evaluate

import (
	"reflect"
	"testing"

	"cordon/internal/record"
)

// Two runs joined count as one over both fleets would.
func TestJoinIsOneRunOverBoth(t *testing.T) {
	in := func(shift byte) Input {
		return Input{
			Episodes:  []Episode{episode(1+shift, Malicious, 10, 20, scan), episode(2+shift, Malfunctioning, 10, 20, loop)},
			Alarms:    []Alarm{alarm(1+shift, malicious, 11+float64(shift), scan), alarm(3+shift, watch, 5)},
			Early:     []Warning{{Terminal: terminal(1 + shift), At: minute(10.5)}},
			Terminals: 5, Days: 2, End: minute(60), Grace: record.Minute,
		}
	}
	first, second := in(0), in(5)
	both := Input{
		Episodes: append(first.Episodes, second.Episodes...), Alarms: append(first.Alarms, second.Alarms...),
		Early: append(first.Early, second.Early...), Terminals: 10, Days: 4, End: minute(60), Grace: record.Minute,
	}
	got, want := Join(Evaluate(first), Evaluate(second)), Evaluate(both)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if empty := Join(); len(empty.Labels) != 3 || empty.Labels[0].FalseRate != nil {
		t.Errorf("nothing joined: got %+v, want the three labels without figures", empty.Labels)
	}
}

func TestOnly(t *testing.T) {
	r := Evaluate(Input{
		Episodes:  []Episode{episode(1, Malicious, 10, 20, scan), episode(2, Malicious, 10, 20, flood)},
		Alarms:    []Alarm{alarm(1, malicious, 11, scan), alarm(3, malicious, 5)},
		Terminals: 5, Days: 2, End: minute(60),
	})
	some := r.Only(func(o *Outcome) bool { return o.ExceptionID == flood })
	if g := some.Labels[0]; g.Episodes != 1 || g.Found != 0 || g.False != 1 || some.Confusion[0].None != 1 || some.Confusion[2] != r.Confusion[2] {
		t.Errorf("got %+v and %+v, want the flood alone, missed, and the false verdict", g, some.Confusion)
	}
	if r.Labels[0].Episodes != 2 {
		t.Errorf("the report itself: got %d episodes, want 2", r.Labels[0].Episodes)
	}
}
