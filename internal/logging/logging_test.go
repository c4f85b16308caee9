package logging_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cordon/internal/logging"
)

func lines(t *testing.T, b *bytes.Buffer) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range strings.Lines(b.String()) {
		var one map[string]any
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatalf("line %q is not JSON: %v", line, err)
		}
		all = append(all, one)
	}
	return all
}

func TestALineHasTheFixedPartsAndItsFields(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the bubble's clock starts at 2000-01-01 UTC
		var out bytes.Buffer
		log := logging.New(logging.Settings{Level: "debug", Program: "scorer"}, &out)
		log.With(logging.Topic("cordon.telemetry"), logging.Partition(int32(3))).Debug("restored",
			logging.Offset(42), logging.Duration("took", 1500*time.Millisecond), logging.Bool("empty", false),
			logging.Int("pieces", 7), logging.Terminal([16]byte{0xab, 15: 1}),
			logging.Err(fmt.Errorf("read: %w", errors.New("cut short"))), logging.String("state", "v2"))
		want := map[string]any{
			"time": "2000-01-01T00:00:00.000000Z", "level": "debug", "program": "scorer", "message": "restored",
			"topic": "cordon.telemetry", "partition": 3.0, "offset": 42.0, "took": "1.5s", "empty": false,
			"pieces": 7.0, "terminal": "ab000000000000000000000000000001", "error": "read: cut short", "state": "v2",
		}
		got := lines(t, &out)
		if len(got) != 1 || fmt.Sprint(got[0]) != fmt.Sprint(want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
	})
}

func TestLevels(t *testing.T) {
	for level, want := range map[string]string{
		"debug": "debug info warn error", "info": "info warn error", "warn": "warn error", "error": "error",
		"": "info warn error", "loud": "info warn error",
	} {
		var out bytes.Buffer
		log := logging.New(logging.Settings{Level: level}, &out)
		log.Debug("m")
		log.Info("m")
		log.Warn("m")
		log.Error("m")
		var got []string
		for _, line := range lines(t, &out) {
			got = append(got, line["level"].(string))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("level %q writes %v, want %s", level, got, want)
		}
	}
}

// TS 29.571 clause 5.3.2 gives the patterns, among them Supi
// '^(imsi-[0-9]{5,15}|nai-.+|gci-.+|gli-.+|.+)$' and Pei '^(imei-[0-9]{15}|imeisv-[0-9]{16}|...)$'.
func TestIdentitiesAreRedacted(t *testing.T) {
	for _, identity := range []string{
		"imsi-001010000000001", "IMSI-001010000000001", "nai-user@home.example", "gci-0a1b2c", "gli-0a1b2c",
		"suci-0-001-01-0000-0-0-0000000001", "msisdn-491700000001", "extid-meter7@utility.example",
		"imei-123456789012345", "imeisv-1234567890123456", "mac-00-11-22-33-44-55", "eui-00-11-22-33-44-55-66-77",
	} {
		var out bytes.Buffer
		log := logging.New(logging.Settings{}, &out)
		log.Info("seen "+identity, logging.String("value", `"`+identity+`"`),
			logging.Err(fmt.Errorf("decode supi=%s: bad digit", identity)))
		if got := out.String(); strings.Contains(strings.ToLower(got), strings.ToLower(identity)) {
			t.Errorf("%s is in %s", identity, got)
		}
		if got := strings.Count(out.String(), "[redacted]"); got != 3 {
			t.Errorf("%s: %d redactions in %s, want 3", identity, got, out.String())
		}
	}
}

func TestWhatIsNoIdentityStays(t *testing.T) {
	for _, text := range []string{"127.0.0.1:9092", "cordon.telemetry", "pod cordon-scorer-0", "the IMSI is missing", "imsi"} {
		var out bytes.Buffer
		logging.New(logging.Settings{}, &out).Info(text)
		if got := lines(t, &out)[0]["message"]; got != text {
			t.Errorf("message %q, want %q", got, text)
		}
	}
}

func TestSampledLeavesOutAndCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := logging.New(logging.Settings{}, &out).Sampled(2, time.Minute)
		for range 5 {
			log.Warn("late")
		}
		log.Debug("below the level") // does not count as left out
		time.Sleep(time.Minute)
		log.With(logging.Partition(1)).Warn("late") // derived: the same limit
		log.Warn("late")
		log.Warn("late")
		got := lines(t, &out)
		if len(got) != 4 {
			t.Fatalf("%d lines, want 2 in each of two periods: %v", len(got), got)
		}
		if got[2]["suppressed"] != 3.0 {
			t.Errorf("third line says suppressed = %v, want 3", got[2]["suppressed"])
		}
		for _, i := range []int{0, 1, 3} {
			if s, ok := got[i]["suppressed"]; ok {
				t.Errorf("line %d says suppressed = %v, want none", i, s)
			}
		}
	})
}

func TestTextIsForPeople(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		logging.New(logging.Settings{Format: "text", Program: "scorer"}, &out).Info("started", logging.Int("partitions", 8))
		want := "2000-01-01T00:00:00.000000Z INF started partitions=8 program=scorer\n"
		if got := out.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestLinesOfGoroutinesDoNotMix(t *testing.T) {
	var out bytes.Buffer // not safe by itself
	log := logging.New(logging.Settings{}, &out)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 50 {
				log.Info("line", logging.Int("from", i))
			}
		})
	}
	all.Wait()
	if got := len(lines(t, &out)); got != 400 {
		t.Errorf("%d lines, want 400", got)
	}
}

func TestNilLoggerIsSilent(t *testing.T) {
	var log *logging.Logger
	log.With(logging.Topic("x")).Sampled(1, time.Second).Error("nobody listens")
	(&logging.Logger{}).Error("nobody listens")
}

func ExampleLogger() {
	log := logging.New(logging.Settings{Level: "info", Format: "text", Program: "collector"}, withoutTime{})
	log.Warn("record rejected", logging.Topic("cordon.telemetry.raw"), logging.Partition(2), logging.Offset(7))
	// Output: WRN record rejected offset=7 partition=2 program=collector topic=cordon.telemetry.raw
}

// withoutTime prints lines without their first word, the only part that differs
// from run to run.
type withoutTime struct{}

func (withoutTime) Write(line []byte) (int, error) {
	_, rest, _ := bytes.Cut(line, []byte(" "))
	_, err := os.Stdout.Write(rest)
	return len(line), err
}
