package evaluate

import "slices"

// Join puts reports of several runs together, as if they were one: episodes,
// false verdicts and terminal-days add up. Nothing joined is an empty report.
func Join(reports ...*Report) *Report {
	all := &Report{Confusion: []Confusion{{Label: Malicious}, {Label: Malfunctioning}, {Label: Benign}}}
	for _, r := range reports {
		all.Outcomes = append(all.Outcomes, r.Outcomes...)
		all.False = append(all.False, r.False...)
		all.Terminals += r.Terminals
		all.Days.Benign += r.Days.Benign
		all.Days.Malicious += r.Days.Malicious
		all.Days.Malfunctioning += r.Days.Malfunctioning
		for i, c := range r.Confusion {
			sum := &all.Confusion[i]
			sum.Malicious += c.Malicious
			sum.Malfunctioning += c.Malfunctioning
			sum.Watch += c.Watch
			sum.None += c.None
		}
	}
	all.group()
	return all
}

// Only is the report about some of the episodes. False verdicts and terminal-days
// stay: they are of nobody's episode.
func (r *Report) Only(belongs func(*Outcome) bool) *Report {
	some := &Report{Terminals: r.Terminals, Days: r.Days, False: r.False, Outcomes: slices.Clone(r.Outcomes)}
	some.Outcomes = slices.DeleteFunc(some.Outcomes, func(o Outcome) bool { return !belongs(&o) })
	some.Confusion = []Confusion{{Label: Malicious}, {Label: Malfunctioning}, r.Confusion[2]}
	some.confuse()
	some.group()
	return some
}
