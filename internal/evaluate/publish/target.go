package main

import (
	"fmt"
	"slices"
	"strings"

	"cordon/internal/evaluate"
)

// target is one figure to reach, as a gate on what was measured.
type target struct {
	what string
	gate string
	of   func(*reported) *evaluate.Report // nil: not run
}

// The parts of the measurements that targets are of. Attacks are those on
// devices with one purpose; what others hide is reported, by data network.
func heldOut(r *reported) *evaluate.Report { return r.attacks.Only(singlePurpose) }
func quiet(r *reported) *evaluate.Report   { return r.benign }

// richNetworks are the data networks of gateways and wearables, which speak with
// anybody.
var richNetworks = []string{"internet"}

func singlePurpose(o *evaluate.Outcome) bool { return !slices.Contains(richNetworks, o.Class) }

// found are the kinds that have to be called MALICIOUS, faults those that have to
// be called MALFUNCTIONING, with the right exception in 98 of 100; seen those
// that nobody can tell apart from maintenance, and that have to be noticed.
var (
	found = []string{"scan", "scan-slow", "udp-flood", "syn-flood", "http-flood", "pulse-flood", "carpet", "beacon", "beacon-jitter",
		"exfil", "exfil-slow", "dns-tunnel", "mining", "proxy-abuse", "slice-hopping"}
	seen   = []string{"theft-location", "sim-moved"}
	faults = []string{"registration-storm", "paging-drain", "retry-loop", "reboot-loop", "stuck", "ping-pong", "radio-failure"}
)

// soon are the medians to reach.
var soon = []target{
	{what: "scan of 100/s: early warning", gate: "scan.earlyMedian<=2s"},
	{what: "UDP flood", gate: "udp-flood.median<=45s"},
	{what: "SYN flood", gate: "syn-flood.median<=45s"},
	{what: "HTTP flood", gate: "http-flood.median<=45s"},
	{what: "beacon of 60 s", gate: "beacon.median<=15m"},
	{what: "mining", gate: "mining.median<=15m"},
	{what: "exfiltration of 50 MB", gate: "exfil.median<=60s"},
	{what: "scan of 10 an hour", gate: "scan-slow.median<=75m"},
}

// targets are all figures to reach.
func targets() []target {
	all := []target{
		{"no false MALICIOUS", "malicious.false==0", quiet},
		{"in so many terminal-days", "malicious.terminalDays>=300000", quiet},
		{"false MALFUNCTIONING", "malfunctioning.falseRate<=1e-5", quiet},
		{"false WATCH", "watch.falseRate<=1e-3", quiet},
	}
	for _, kind := range found {
		all = append(all, target{kind + " called MALICIOUS", kind + ".found>=98%", heldOut}, target{kind + ": right exception", kind + ".exception>=98%", heldOut})
	}
	for _, kind := range seen {
		all = append(all, target{kind + " noticed", kind + ".noticed>=98%", heldOut})
	}
	for _, kind := range faults {
		all = append(all, target{kind + " called MALFUNCTIONING", kind + ".found>=98%", heldOut}, target{kind + " never MALICIOUS", kind + ".asMalicious==0", heldOut})
	}
	for _, t := range soon {
		all = append(all, target{"median, " + t.what, t.gate, heldOut})
	}
	return all
}

// measured is what a target came to; both are empty where it was not measured.
type measured struct{ value, met string }

// measure holds the target against the runs with one time between reports. A
// subject that is none of the report's was not simulated.
func (t *target) measure(r *reported) (measured, error) {
	g, err := evaluate.ParseGate(t.gate)
	if err != nil {
		return measured{}, err
	}
	report := t.of(r)
	if report == nil {
		return measured{}, nil
	}
	checked, err := g.Check(report)
	if err != nil {
		return measured{}, nil
	}
	m := measured{"none", "**no**"}
	if checked.Value != nil {
		m.value = fmt.Sprintf("%.3g", *checked.Value)
	}
	if checked.Met {
		m.met = "yes"
	}
	return m, nil
}

// writeTargets says what was reached.
func (p *publication) writeTargets(b *strings.Builder) error {
	var rows [][]string
	var counted, reached [2]int
	for _, t := range targets() {
		row := []string{t.what, code(t.gate)}
		for i, r := range []*reported{&p.dense, &p.sparse} {
			m, err := t.measure(r)
			if err != nil {
				return err
			}
			if m.met != "" {
				counted[i]++
			}
			if m.met == "yes" {
				reached[i]++
			}
			row = append(row, m.value, m.met)
		}
		rows = append(rows, row)
	}
	dense, sparse := length(p.size.reports), length(p.size.sparse)
	fmt.Fprintf(b, "## What has to be reached\n\n%d of %d figures that were measured with reports of open flows every %s, %d of %d with reports every %s. Held-out seeds, devices with one purpose (all data networks but %s); times in seconds; false verdicts of the benign fleets. `c2-known-broker` and `evasive-mimic` are reported below only.\n\n",
		reached[0], counted[0], dense, reached[1], counted[1], sparse, strings.Join(richNetworks, ", "))
	table(b, []string{"figure", "to reach", "every " + dense, "reached", "every " + sparse, "reached"}, rows)
	return nil
}
