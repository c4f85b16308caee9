package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"cordon/internal/failure"
	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/replay"
	"cordon/internal/simulate"
)

// simulateFlags are the flags of simulate.
type simulateFlags struct {
	connection
	terminals int
	duration  time.Duration
	seed      uint64
	attacks   []string
	lifelike  bool
	interval  time.Duration
	start     string
	live      bool
	speed     string
	out       string
	truth     string
	classes   string
	print     bool
}

// fileStart is when a simulation into a file begins: a fixed day, for the same
// seed gives the same bytes. It is a Thursday, 00:00 UTC.
const fileStart = "2026-01-01T00:00:00Z"

func simulateCommand() *cobra.Command {
	var f simulateFlags
	c := &cobra.Command{
		Use:   "simulate",
		Short: "make up the telemetry of a fleet of terminals, attacks included",
		Long: `simulate makes up what probes would report of a fleet of meters, trackers, cameras,
payment terminals, gateways, controllers, wearables and peer-to-peer cameras, with
their daily life and everyday trouble, and of those among them that are attacked or
break down. The same seed gives the same bytes.

With --out it writes a file, JSON lines (.jsonl) or an Avro container (.avro), and
beside it truth.csv: who was attacked, how, from when to when. With --brokers,
--config or --live it writes into a running deployment instead, as replay would.

An attack is KIND:COUNT@OFFSET: what, to how many terminals, how long after the
start; KIND/CLASS:COUNT@OFFSET chooses the class of device it happens to. Kinds:

` + kindsByGroup() + `
Classes: ` + strings.Join(simulate.Classes(), ", ") + `.

` + classHelp + `
The fleet is made up by the people who wrote the detectors: it shows how the
pipeline works, not how well it detects. Real captures do that.`,
		Example: `  cordonctl simulate --terminals 500 --duration 1h --attack scan:5@10m --out fleet.jsonl
  cordonctl backtest fleet.jsonl
  cordonctl simulate --terminals 200 --duration 30m --attack udp-flood:2@5m --brokers kafka:9092 --speed real
  cordonctl simulate --print-classes > classes.yaml
  cordonctl simulate --classes classes.yaml --terminals 2000 --duration 6h --out fleet.avro`,
		Args: arguments(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return runSimulate(c, &f) },
	}
	f.connection.add(c)
	c.Flags().IntVar(&f.terminals, "terminals", 300, "`NUMBER` of terminals")
	c.Flags().DurationVar(&f.duration, "duration", time.Hour, "`LENGTH` of time to simulate, such as 30m or 24h")
	c.Flags().Uint64Var(&f.seed, "seed", 1, "`NUMBER` that chooses one of the possible fleets")
	c.Flags().StringArrayVar(&f.attacks, "attack", nil, "`KIND:COUNT@OFFSET`, such as scan:5@10m; repeatable")
	c.Flags().StringVar(&f.classes, "classes", "", "`FILE` with the kinds of device and their shares; - reads standard input (default: the built-in ones)")
	c.Flags().BoolVar(&f.print, "print-classes", false, "print the built-in classes as a file for --classes, and make up nothing")
	c.Flags().BoolVar(&f.lifelike, "lifelike", true, "with everyday trouble: late and repeated records, outages, updates, power cuts, portals, sampling and more; --lifelike=false leaves it out")
	c.Flags().DurationVar(&f.interval, "report-interval", 10*time.Second, "`LENGTH` of time between two reports of an open flow, 1s to 10m, such as 60s")
	c.Flags().StringVar(&f.start, "start", "", "`TIME` when it begins, RFC 3339 (default: "+fileStart+" with --out; live so that it ends now)")
	c.Flags().StringVar(&f.out, "out", "", "`FILE` to write: NAME.jsonl or NAME.avro; truth.csv goes beside it")
	c.Flags().BoolVar(&f.live, "live", false, "write into the deployment at the default broker")
	c.Flags().StringVar(&f.speed, "speed", "max", "`SPEED` when live: max, real, or a factor such as 60x")
	c.Flags().StringVar(&f.truth, "truth", "", "`FILE` for the truth (default: truth.csv beside --out; live: not written)")
	return c
}

// kindsByGroup lists the kinds for the help, a line for each group.
func kindsByGroup() string {
	var b strings.Builder
	for _, g := range simulate.Groups() {
		fmt.Fprintf(&b, "  %-23s%s\n", g.Name+":", strings.Join(g.Kinds, ", "))
	}
	return b.String()
}

func runSimulate(c *cobra.Command, f *simulateFlags) error {
	if f.print {
		return printClasses(c)
	}
	live := f.live || f.given()
	if live == (f.out != "") {
		return failure.Usage(errors.New("say where to write: --out FILE, or a deployment with --brokers, --config or --live"))
	}
	speed, err := parseSpeed(f.speed)
	if err != nil {
		return err
	}
	s, err := f.settings(live, speed, time.Now())
	if err != nil {
		return err
	}
	if f.classes != "" {
		if s.Classes, err = readClasses(c, f.classes); err != nil {
			return err
		}
	}
	fleet, err := simulate.New(s)
	if err != nil {
		return failure.Usage(fmt.Errorf("simulate: %w", err))
	}
	made := simulated{Fleet: fleet, settings: s}
	if live {
		return f.toDeployment(c, &made, speed)
	}
	return f.toFile(c, &made)
}

// settings reads the flags.
func (f *simulateFlags) settings(live bool, speed int64, now time.Time) (simulate.Settings, error) {
	s := simulate.Settings{Terminals: f.terminals, Duration: record.MicrosIn(f.duration), Seed: f.seed, Lifelike: f.lifelike, ReportInterval: record.MicrosIn(f.interval)}
	if f.interval <= 0 {
		return s, failure.Usage(fmt.Errorf("--report-interval %v: want 1s to 10m", f.interval))
	}
	for _, text := range f.attacks {
		a, err := simulate.ParseAttack(text)
		if err != nil {
			return s, failure.Usage(fmt.Errorf("--attack: %w", err))
		}
		s.Attacks = append(s.Attacks, a)
	}
	at := f.start
	if at == "" {
		at = fileStart
	}
	start, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return s, failure.Usage(fmt.Errorf("--start %s: want a time such as %s", f.start, fileStart))
	}
	s.Start = record.MicrosOf(start)
	if live && f.start == "" {
		s.Start = record.MicrosOf(now) - ahead(s.Duration, speed)
	}
	return s, nil
}

// ahead is how far before now a live simulation begins, so that it ends with
// the wall clock: a record of the future would be refused.
func ahead(duration record.Micros, speed int64) record.Micros {
	if speed == 0 {
		return duration
	}
	return duration - duration/record.Micros(speed)
}

// simulated is a fleet with a count of what it has made.
type simulated struct {
	*simulate.Fleet
	settings simulate.Settings
	records  int64
	last     record.Micros
}

// Next makes the next record.
func (s *simulated) Next(t *raw.Telemetry) error {
	if err := s.Fleet.Next(t); err != nil {
		return err
	}
	s.records++
	s.last = max(s.last, t.OccurredAt)
	return nil
}

func (s *simulated) progress(bar *progress) {
	bar.at(int64(s.last-s.settings.Start), int64(s.settings.Duration), fmt.Sprintf("%d records, up to %s", s.records, s.last))
}

// toFile writes the fleet to --out. The file gets its name when it is whole, so
// that an interrupted simulation leaves nothing that looks like one.
func (f *simulateFlags) toFile(c *cobra.Command, made *simulated) (err error) {
	truth := f.truth
	if truth == "" {
		truth = filepath.Join(filepath.Dir(f.out), "truth.csv")
	}
	file, err := os.Create(f.out + ".part")
	if err != nil {
		return failure.Usage(fmt.Errorf("--out: %w", err))
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name()) // nothing of worth is in it; the first error tells
		}
	}()
	w, err := newTelemetryWriter(f.out, file)
	if err == nil {
		err = errors.Join(f.writeAll(c, made, w), w.close())
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := writeTruth(truth, made.Fleet); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), f.out); err != nil {
		return err
	}
	return f.report(c, made, truth)
}

func (f *simulateFlags) writeAll(c *cobra.Command, made *simulated, w telemetryWriter) error {
	bar := newProgress(c)
	defer bar.end()
	var t raw.Telemetry
	for {
		switch err := made.Next(&t); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := w.write(&t); err != nil {
			return fmt.Errorf("--out: %w", err)
		}
		if made.records%1024 != 0 {
			continue
		}
		if c.Context().Err() != nil {
			return errInterrupted
		}
		made.progress(bar)
	}
}

// toDeployment writes the fleet into telemetry.raw.
func (f *simulateFlags) toDeployment(c *cobra.Command, made *simulated, speed int64) error {
	client, err := f.dial(c)
	if err != nil {
		return err
	}
	defer client.Close()
	bar := newProgress(c)
	_, err = replay.Run(c.Context(), replay.Settings{
		Client: client, Source: made, Speed: speed,
		Observe: func(int64, record.Micros) { made.progress(bar) },
	})
	bar.end()
	if c.Context().Err() != nil {
		return fmt.Errorf("%w: %d records were made; start over into a fresh prefix", errInterrupted, made.records)
	}
	if err != nil {
		return err
	}
	if f.truth != "" {
		if err := writeTruth(f.truth, made.Fleet); err != nil {
			return err
		}
	}
	return f.report(c, made, f.truth)
}
