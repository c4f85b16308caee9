package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"cordon/internal/evaluate"
	"cordon/internal/evaluate/fleet"
)

// page writes the measurements down. All of it but the last section is the same
// for the same sizes, seeds and code.
func (p *publication) page() (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "# Results\n\nWritten by `make evaluate %s` (internal/evaluate/publish); changes by hand are lost. How the figures are counted stands in internal/evaluate; what the detectors do, in [detection.md](detection.md).\n\n", p.size.command())
	p.writeCaptures(&b)
	p.writeMerged(&b)
	p.writeMoved(&b)
	p.writeGrafts(&b)
	p.conditions(&b)
	if err := p.writeTargets(&b); err != nil {
		return "", err
	}
	p.writeReports(&b)
	for i := range p.attacked {
		p.attacked[i].write(&b)
	}
	p.writeBenign(&b)
	p.writeTail(&b)
	p.writeBaselines(&b)
	p.writeAblation(&b)
	p.writeSpeeds(&b)
	return b.String(), nil
}

// command is what make is told to have the page written.
func (s *size) command() string {
	text := "SIZE=" + s.name
	if len(s.changed) > 0 {
		text += fmt.Sprintf(" EVALUATE=%q", strings.Join(s.changed, " "))
	}
	return text
}

func (p *publication) conditions(b *strings.Builder) {
	s := &p.size
	fmt.Fprintf(b, "## Simulated fleets\n\nFleets are made up by `internal/simulate`, with everyday trouble on, by people who know the detectors: they show that the pipeline works, and less about the world than captures do. Every fleet begins 2026-01-01T00:00:00Z; attacks begin after %s.\n\n", length(s.history()))
	both := length(s.reports) + ", " + length(s.sparse)
	benign := both
	if !s.benignDense {
		benign = length(s.sparse)
	}
	table(b, []string{"", "terminals", "length", "terminals of each kind", "reports of open flows every", "seeds"}, [][]string{
		{"with attacks, held-out seeds", num(s.terminals), length(s.duration), num(s.each), both, s.heldOut.String()},
		{"with attacks, tuning seeds", num(s.terminals), length(s.duration), num(s.each), length(s.reports), s.tuning.String()},
		{"benign", num(s.benignTerminals), length(s.benignDuration), "0", benign, s.benignSeeds.String()},
	})
	fmt.Fprintf(b, "Tuning seeds were looked at while numbers were chosen, held-out ones were not. %d partitions, default configuration, digest `%s`.\n\n", s.partitions, p.digest)
}

// write adds the tables of one set of seeds.
func (a *attackedSet) write(b *strings.Builder) {
	for _, part := range []struct {
		label evaluate.Label
		title string
	}{{evaluate.Malicious, "Attacks"}, {evaluate.Malfunctioning, "Malfunctions"}} {
		fmt.Fprintf(b, "## %s, %s seeds %s\n\n", part.title, a.name, a.seeds.String())
		var rows [][]string
		for _, kind := range distinct(a.ours, part.label, func(o *evaluate.Outcome) string { return o.Kind }) {
			g := a.ours.Of(kind, func(o *evaluate.Outcome) bool { return o.Kind == kind })
			rows = append(rows, []string{code(kind), num(g.Episodes), shareOf(g.Found, g.Episodes), shareOf(g.Right, g.Episodes),
				seconds(g.Median), seconds(g.P90), shareOf(g.Early, g.Episodes), seconds(g.EarlyMedian), num(g.AsMalicious), num(g.AsMalfunctioning), num(g.AsWatch)})
		}
		table(b, []string{"kind", "episodes", "found", "right exception", "median", "p90", "early warning", "median", "MALICIOUS", "MALFUNCTIONING", "WATCH"}, rows)
		a.writeClasses(b, part.label)
	}
}

// writeClasses adds found of episodes by kind and class of device.
func (a *attackedSet) writeClasses(b *strings.Builder, label evaluate.Label) {
	classes := distinct(a.ours, label, func(o *evaluate.Outcome) string { return o.Class })
	slices.Sort(classes)
	head := append([]string{"found, by data network"}, classes...)
	var rows [][]string
	for _, kind := range distinct(a.ours, label, func(o *evaluate.Outcome) string { return o.Kind }) {
		row := []string{code(kind)}
		for _, class := range classes {
			g := a.ours.Of(kind, func(o *evaluate.Outcome) bool { return o.Kind == kind && o.Class == class })
			cell := ""
			if g.Episodes > 0 {
				cell = fmt.Sprintf("%d/%d", g.Found, g.Episodes)
				if g.Median != nil {
					cell += ", " + seconds(g.Median)
				}
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	table(b, head, rows)
}

func (p *publication) writeBenign(b *strings.Builder) {
	fmt.Fprintf(b, "## False verdicts\n\nPer terminal-day in which nothing was wrong, with the one-sided 95 %% Clopper-Pearson bound.\n\n")
	var rows [][]string
	for _, r := range []*reported{&p.dense, &p.sparse} {
		every := ", reports every " + length(r.interval)
		for _, q := range r.quiet {
			rows = append(rows, falseVerdicts(fmt.Sprintf("benign fleet, seed %d%s", q.seed, every), q.result.Ours))
		}
		if len(r.quiet) > 1 {
			rows = append(rows, falseVerdicts("benign fleets together"+every, r.benign))
		}
		rows = append(rows, falseVerdicts("beside attacks, held-out seeds"+every, r.attacks))
	}
	rows = append(rows, falseVerdicts("beside attacks, tuning seeds", p.attacked[1].ours))
	table(b, []string{"", "terminal-days", "false MALICIOUS", "bound", "false MALFUNCTIONING", "bound", "false WATCH", "bound"}, rows)
}

func falseVerdicts(name string, r *evaluate.Report) []string {
	row := []string{name, fmt.Sprintf("%.1f", r.Days.Benign)}
	for _, g := range r.Labels {
		row = append(row, num(g.False), figure(g.FalseBound))
	}
	return row
}

func (p *publication) writeTail(b *strings.Builder) {
	fmt.Fprintf(b, "## Tail of the evidence\n\nBenign terminals whose evidence ever reached a level, in the fleet of seed %d, reports every %s, with %s and %s, so that verdicts show what stays below a case otherwise; MALICIOUS takes 20 nats. What lies beyond the counted terminal-days is an extrapolation of this tail, no measurement. In %.1f terminal-days %s.\n\n",
		p.tail.seed, length(p.size.benignReports()), code(lowered[0].String()), code(lowered[1].String()), p.tail.result.Ours.Days.Benign, p.tail.reached())
	head, row := []string{"nats"}, []string{"terminals"}
	for i, n := range evaluate.TailNats {
		head, row = append(head, num(int(n))), append(row, num(p.tail.result.Tail[i]))
	}
	table(b, head, [][]string{row})
}

// reached says how far the evidence against benign terminals went.
func (r *benignRun) reached() string {
	if r.result.Most == 0 {
		return "none reached a case"
	}
	return fmt.Sprintf("the most was %.1f nats", float64(r.result.Most)/1000)
}

func (p *publication) writeBaselines(b *strings.Builder) {
	held := &p.attacked[0]
	fmt.Fprintf(b, "## Baselines\n\nOver the same records, %s seeds. Baselines name no class: every alarm accuses, at most one in ten minutes for a terminal, and a malfunction counts as found by any. Static thresholds have the numbers of Slips, where \"any\" is each threshold by itself and \"15 an hour\" its sum of threat levels; the boxplot learns its fences before the first attack; the EWMA has alpha 0.05 and z 3.5.\n\n", held.name)
	var rows [][]string
	for i, s := range append([]fleet.Named{{Name: "Cordon", Report: held.ours}}, held.baselines...) {
		attacks, faults := s.Report.Labels[0], s.Report.Labels[1]
		seen := faults.Found
		if i > 0 {
			seen = faults.AsMalicious
		}
		alarms := attacks.False + faults.False
		benign := s.Report.Confusion[2]
		rows = append(rows, []string{s.Name, shareOf(attacks.Found, attacks.Episodes), seconds(attacks.Median), shareOf(seen, faults.Episodes),
			num(alarms), fmt.Sprintf("%.3g", float64(alarms)/max(s.Report.Days.Benign, 1e-9)), num(benign.Malicious + benign.Malfunctioning)})
	}
	table(b, []string{"", "attacks found", "median", "malfunctions found", "false alarms", "per terminal-day", "benign terminals accused"}, rows)
	held.writeByKind(b)
}

// writeByKind adds found by kind for ours and each baseline.
func (a *attackedSet) writeByKind(b *strings.Builder) {
	head := []string{"found", "Cordon"}
	for _, s := range a.baselines {
		head = append(head, s.Name)
	}
	var rows [][]string
	for _, kind := range distinct(a.ours, "", func(o *evaluate.Outcome) string { return o.Kind }) {
		of := func(o *evaluate.Outcome) bool { return o.Kind == kind }
		g := a.ours.Of(kind, of)
		row := []string{code(kind), shareOf(g.Found, g.Episodes)}
		for _, s := range a.baselines {
			g := s.Report.Of(kind, of)
			row = append(row, shareOf(g.AsMalicious, g.Episodes))
		}
		rows = append(rows, row)
	}
	table(b, head, rows)
}

func (p *publication) writeAblation(b *strings.Builder) {
	fmt.Fprintf(b, "## Ablation\n\nThe fleet with attacks of seed %d again, one thing left out at a time. The most that one family may weigh is no setting, and stays.\n\n", p.size.heldOut[0])
	var rows [][]string
	for _, v := range p.ablation {
		var keys []string
		for _, o := range v.overrides {
			keys = append(keys, code(o.String()))
		}
		labels := v.result.Ours.Labels
		attacks, faults, watch := labels[0], labels[1], labels[2]
		rows = append(rows, []string{v.name, strings.Join(keys, ", "), shareOf(attacks.Found, attacks.Episodes), seconds(attacks.Median), shareOf(faults.Found, faults.Episodes),
			num(faults.AsMalicious), num(attacks.False), num(faults.False), num(watch.False)})
	}
	table(b, []string{"", "keys", "attacks found", "median", "malfunctions found", "malfunctions called MALICIOUS", "false MALICIOUS", "false MALFUNCTIONING", "false WATCH"}, rows)
}

func (p *publication) writeSpeeds(b *strings.Builder) {
	fmt.Fprintf(b, "## Speeds\n\nMeasured, and different each time: simulation, collector, scorer and what stands beside them, in one process, %d fleets at a time, on %s.\n\n", p.size.parallel, machine())
	var rows [][]string
	for _, s := range p.speeds {
		rows = append(rows, []string{s.what, strconv.FormatInt(s.records, 10), fmt.Sprintf("%.1f s", s.took.Seconds()), fmt.Sprintf("%.0f", float64(s.records)/max(s.took.Seconds(), 1e-3))})
	}
	table(b, []string{"run", "records", "took", "records/s"}, rows)
}

// machine says what the speeds were measured on.
func machine() string {
	model := runtime.GOARCH
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil { // Linux; elsewhere the architecture has to do
		for line := range strings.Lines(string(text)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%s, %d cores, %s, %s", model, runtime.NumCPU(), runtime.GOOS, runtime.Version())
}
