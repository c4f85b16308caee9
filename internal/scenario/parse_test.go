package scenario

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestParseErrors names the line and what it should have been.
func TestParseErrors(t *testing.T) {
	const head = "terminal cam-1\nsource upf-1\n"
	for _, c := range []struct{ text, problem string }{
		{"hello", `"hello" is no statement`},
		{"partitions 0", "want 1 to 64"},
		{"partitions 65", "want 1 to 64"},
		{"set lateness 20s", "begins with collector, scorer or enforcer"},
		{"set enforcer.mode", "the value of mode is missing"},
		{"terminal cam-1", "in use already"},
		{"terminal all", `"all" cannot be the name`},
		{"terminal x-1..3 supi imsi-1", "a fleet cannot share"},
		{"terminal x-1..20000", "cannot be the name"},
		{"terminal x tac 123", "8 digits"},
		{"terminal x via upf-9", `no source "upf-9" stands above`},
		{"terminal x colour red", `"colour" is no property of a terminal`},
		{"source x early 5s", `"early" is no property of a source`},
		{"at 25 cam-1 flow tcp 1.2.3.4:5", "want a time such as"},
		{"at 10:60 cam-1 flow tcp 1.2.3.4:5", "want a time such as"},
		{"at 10:00 cam-2 flow tcp 1.2.3.4:5", `no terminal "cam-2" stands above`},
		{"at 10:00 cam-1 dance", `"dance" is nothing a terminal does`},
		{"at 10:00 cam-1 flow sctp 1.2.3.4:5", `"sctp" is no protocol`},
		{"at 10:00 cam-1 flow tcp host:5", "want an address"},
		{"at 10:00 cam-1 flow tcp 1.2.3.4:70000", "want a port"},
		{"at 10:00 cam-1 flow tcp 1.2.3.4:5 every 10s", "every and for belong together"},
		{"at 10:00 cam-1 flow tcp 1.2.3.4:5 rate 10/s", "a rate above 0 belongs to scan and flood"},
		{"at 10:00 cam-1 flow tcp 1.2.3.4:5 up lots", "want a number"},
		{"at 10:00 cam-1 flow tcp 1.2.3.4:5 every 1ms for 10d", "reports in all"},
		{"at 10:00 cam-1 scan tcp port 23", "a scan needs a rate"},
		{"at 10:00 cam-1 flood udp 1.2.3.4:5 size 9", "a flood needs a rate"},
		{"at 10:00 cam-1 stream tcp 1.2.3.4:5 up 1/s", "a stream needs how long"},
		{"at 10:00 cam-1 session begun", `"begun" is no event of a session: want activated, backoff, deactivated`},
		{"at 10:00 cam-1 session released count 3", `"count" is not understood here: want emergency, cause, cause-class`},
		{"at 10:00 cam-1 session rejected cause-class fatal", `"fatal" is no class of a cause: want ignored, none, permanent, temporary`},
		{"at 10:00 cam-1 registration weekly", `"weekly" is no event of a registration: want connected, deregistration`},
		{"at 10:00 cam-1 registration initial lost often", `"often" is not understood here: want success, rejected, no-response`},
		{"at 10:00 cam-1 radio-failure count 0", "want a number from 1 to 1000000"},
		{"at 10:00 cam-1 radio-failure cell A,,B", "several separated by commas without a space"},
		{"at 10:00 cam-1 status", "what the device says is missing: status cpu 95"},
		{"at 10:00 cam-1 status cpu 101", "want a number from 0 to 100"},
		{"at 10:00 cam-1 status tamper maybe", `"maybe" is no answer: want no, yes`},
		{"at 10:00 cam-1 external BAD_THING", "is no exception of TS 29.520: want UNEXPECTED_UE_LOCATION"},
		{"at 10:00 cam-1 inbound tcp to 1.2.3.4", `want "from"`},
		{"at 10:00 cam-1 flow tcp 1.2.3.4:5 jitter 20%", "jitter belongs to every"},
		{"at 10:00 cam-1 flow tcp 1.2.3.4:5 every 60s jitter 2x for 1h", "want a share such as 20%"},
		{"at 10:00 cam-1 flow tcp 1.2.3.4:5 packets many", "or two for up and down"},
		{"at 10:00 cam-1 flow tcp 1.2.3.4:5 sampled 0", "want a number from 1 to 100"},
		{"at 10:00 cam-1 stream tcp 1.2.3.4:5 up 1/s every 60s for 10m", "want reported every 60s"},
		{"at 10:00 cam-1 becomes", "what it becomes is missing"},
		{"at 10:00 cam-1 becomes supi imsi-1", "another supi is another terminal"},
		{"at 10:00 tv-* flow tcp 1.2.3.4:5", `no terminal whose name begins with "tv-" stands above`},
		{"terminals x-1..9 address 10.45.0.0/30", "a prefix with room for a fleet"},
		{"at 10:00 profile cam-1", "what is expected is missing"},
		{"at 10:00 profile cam-1 fast", `"fast" is no expectation of a profile`},
		{"at 10:00 profile cam-1 scheduled 2-4", "a span of a day such as 02:00-04:00"},
		{"at 10:00 profile cam-1 allowed tcp 1.2.3.0/40:443", "want an address, a prefix"},
		{"at 10:00 setting list version 1", "the word content is missing"},
		{"at 10:00 setting list version 1 content", "the content of list is missing"},
		{"at 10:00 cam-1 raw {\"flow\":1}", "raw:"},
		{"at 10:00 cam-1 usage up 1 loudly", `"loudly" is not understood here`},
		{"at 10:00 restart broker", "want collector, scorer or enforcer"},
		{"at 10:00 decide SHOUT cam-1", "is no decision"},
		{"at 10:00 ack cam-1 DONE", "is no state"},
		{"at 10:00 garbage xyz", "want hex digits"},
		{"at 10:00 collector of cam-1 sleeps", `"sleeps" is nothing that happens to a collector`},
		{"at 10:00 collector of cam-9 stops", `no terminal "cam-9" stands above`},
		{"at 10:00 telemetry.raw of cam-1 is lost", `want "deleted"`},
		{"expect happiness", `"happiness" cannot be expected`},
		{"expect at best 3 verdict", `"best" is no bound: want least, most`},
		{"expect all verdict", "whose is missing: all of meter-*"},
		{"expect at most 1 of tv-* verdict", `no terminal whose name begins with "tv-"`},
		{"expect verdict cam-1 counterfactual contains x", "want words between quotation marks"},
		{"expect verdict cam-1 counterfactual contains \"x", "the closing quotation mark is missing"},
		{"expect reason cam-1 volumes", "nor a symbol of a reason"},
		{"expect verdict cam-9", `"cam-9" is neither a terminal or source`},
		{"expect verdict cam-1 EVIL", "nor a symbol of a verdict"},
		{"expect verdict cam-1 evidence about 20", "is no operator"},
		{"expect verdict cam-1 within 10s", "the word of is missing"},
		{"expect early cam-1 destination here", "want a destination such as"},
		{"source x clockless", "an until line is missing"},
		{"until 10:00 tomorrow", `"tomorrow" is not understood here`},
	} {
		_, err := Parse("x.txt", []byte(head+c.text+"\n"))
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%q: got %v, want a *SyntaxError", c.text, err)
			continue
		}
		if syntax.Line != 3 || !strings.Contains(err.Error(), c.problem) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%q: got %v, want line 3, the text and %q", c.text, err, c.problem)
		}
	}
}

// TestSettingsAreChecked: what a file sets is as strictly read as a user's file.
func TestSettingsAreChecked(t *testing.T) {
	for _, c := range []struct{ set, problem string }{
		{"enforcer.mod ENFORCE", "x.txt:1: enforcer has no key mod"},
		{"enforcer.mode SOFT", "SOFT"},
		{"scorer.lateness 20", "lateness"},
	} {
		s, err := Parse("x.txt", []byte("set "+c.set))
		if err == nil {
			_, err = s.Run(s.Usual())
		}
		if err == nil || !strings.Contains(err.Error(), c.problem) {
			t.Errorf("set %s: got %v, want %q", c.set, err, c.problem)
		}
	}
}

// FuzzParse: no text makes the parser panic, and what it takes can be laid out
// as arrivals.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txt")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := Parse("fuzz.txt", text)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("got %T %v, want a *SyntaxError", err, err)
			}
			return
		}
		for i := range s.steps {
			for _, terminal := range s.steps[i].who {
				if terminal.name == "" {
					t.Fatalf("line %d is about a terminal without a name", s.steps[i].line)
				}
			}
		}
	})
}
