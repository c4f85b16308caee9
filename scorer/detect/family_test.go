package detect

import (
	"testing"

	"cordon/scorer/pane"
)

// levelsOf returns levels with some families.
func levelsOf(nats map[Family]Nats, change func(*Levels)) Levels {
	var l Levels
	for f, n := range nats {
		l.Of[f] = n
	}
	if change != nil {
		change(&l)
	}
	return l
}

// What has one cause is one family, and what the terminal does not do is no deed.
func TestCountedAndDeeds(t *testing.T) {
	answers := func(l *Levels) { l.Reached, l.Answered = true, true }
	unusual := func(l *Levels) { l.Reached = true }
	inbound := func(l *Levels) { l.Reached, l.Answered, l.Inbound = true, true, true }
	for _, c := range []struct {
		name    string
		levels  Levels
		counted int
		deeds   Nats
	}{
		{"nothing", Levels{}, 0, 0},
		{"below the weight of a family", levelsOf(map[Family]Nats{Scanning: 2 * Nat, Flooding: 3 * Nat}, nil), 1, 5 * Nat},
		{"a service that fails, in time", levelsOf(map[Family]Nats{Novelty: 9 * Nat, Beaconing: 12 * Nat}, nil), 2, 21 * Nat},
		{"one that answers, in time", levelsOf(map[Family]Nats{Novelty: 5 * Nat, Beaconing: 11 * Nat}, answers), 1, 16 * Nat},
		{"one that answers, and keeps time only", levelsOf(map[Family]Nats{Novelty: 2 * Nat, Beaconing: 6 * Nat}, answers), 1, 8 * Nat},
		{"one that answers, in time, and peers do not use it", levelsOf(map[Family]Nats{Novelty: 9 * Nat, Beaconing: 12 * Nat}, unusual), 2, 21 * Nat},
		{"much to one that answers", levelsOf(map[Family]Nats{Novelty: 5 * Nat, Exfiltration: 6 * Nat, Volume: 9 * Nat}, answers), 2, 11 * Nat},
		{"mining", levelsOf(map[Family]Nats{Novelty: 5 * Nat, Beaconing: 11 * Nat, Host: 9 * Nat}, answers), 2, 16 * Nat},
		{"moved house, another cloud", levelsOf(map[Family]Nats{Location: 12 * Nat, Novelty: 5 * Nat, Beaconing: 11 * Nat}, answers), 1, 16 * Nat},
		{"moved house, another cloud than peers have", levelsOf(map[Family]Nats{Location: 12 * Nat, Novelty: 9 * Nat}, unusual), 1, 9 * Nat},
		{"stolen, its service fails", levelsOf(map[Family]Nats{Location: 12 * Nat, Novelty: 9 * Nat}, nil), 2, 9 * Nat},
		{"stolen, outside of its profile", levelsOf(map[Family]Nats{Location: 12 * Nat, Profile: 9 * Nat}, nil), 2, 9 * Nat},
		{"another device that sends more", levelsOf(map[Family]Nats{Location: 9 * Nat, Volume: 12 * Nat}, func(l *Levels) { l.Uplink = 12 * Nat }), 2, 0},
		{"copied in", levelsOf(map[Family]Nats{Novelty: 9 * Nat, Volume: 6 * Nat}, inbound), 1, 0},
		{"copied in, and sends much", levelsOf(map[Family]Nats{Novelty: 9 * Nat, Volume: 6 * Nat}, func(l *Levels) { inbound(l); l.Uplink = 5 * Nat }), 2, 0},
		{"copied in, busy, and reported", levelsOf(map[Family]Nats{Novelty: 9 * Nat, Volume: 6 * Nat, Host: 9 * Nat, External: 6 * Nat}, inbound), 2, 0},
		{"copied in, then scans", levelsOf(map[Family]Nats{Novelty: 9 * Nat, Volume: 6 * Nat, Scanning: 6 * Nat}, inbound), 2, 6 * Nat},
	} {
		if counted, deeds := c.levels.Counted(3*Nat), c.levels.Deeds(); counted != c.counted || deeds != c.deeds {
			t.Errorf("%s: %d families, %d milli-nats of deeds; want %d, %d", c.name, counted, deeds, c.counted, c.deeds)
		}
	}
}

// A terminal is as new as its device.
func TestAgeOfTheDevice(t *testing.T) {
	var d Device
	rules := DefaultDeviceRules()
	for _, c := range []struct {
		n         pane.Number
		equipment uint32
		want      pane.Number
	}{
		{100, 7, 100}, {200, 7, 200}, {300, 0, 300}, {400, 8, 0}, {410, 8, 10}, {420, 0, 20}, {500, 7, 0}, {501, 7, 1},
	} {
		if got := d.Age(c.n, c.equipment); got != c.want {
			t.Errorf("pane %d, device %d: age %d, want %d", c.n, c.equipment, got, c.want)
		}
		d.identify(c.n, &Reference{Equipment: c.equipment}, &rules.Location)
	}
}

// A report about one server corroborates nothing that is about another one.
func TestReportsAboutAnotherServer(t *testing.T) {
	server := pane.Key{Form: pane.FormIPv4, Address: [16]byte{12: 198, 13: 51, 14: 100, 15: 66}, Port: 6667, Protocol: pane.UDP}
	elsewhere := pane.Key{Form: pane.FormIPv4, Address: [16]byte{12: 192, 14: 2, 15: 77}}
	for _, c := range []struct {
		name string
		key  pane.Key
		end  uint32
		scan Nats
		want Nats
	}{
		{"it names the server, by another port", server.AnyPort(), server.AnyPort().End(), 0, 6 * Nat},
		{"it names none", server, 0, 0, 6 * Nat},
		{"it names another one", server, elsewhere.End(), 0, 0},
		{"another one, beside a little of a scan", server, elsewhere.End(), 3 * Nat, 3 * Nat},
		{"another one, beside a scan", server, elsewhere.End(), 30 * Nat, 6 * Nat},
		{"nothing stands out", pane.Key{}, elsewhere.End(), 0, 6 * Nat},
		{"a domain stands out", pane.NameOf("example.org"), elsewhere.End(), 0, 6 * Nat},
	} {
		state := State{Scan: Sum{c.scan, 10}}
		d := Destinations{blamed: verdictOn{key: c.key, nats: [4]Nats{4 * Nat, 10 * Nat}}}
		if c.key != (pane.Key{}) {
			d.blamed.last = 10
		}
		device := Device{external: Sum{6 * Nat, 10}, causes: causes{end: c.end}}
		if l := (Standing{State: &state, Destinations: &d, Device: &device}).At(10); l.Of[External] != c.want {
			t.Errorf("%s: %d milli-nats, want %d", c.name, l.Of[External], c.want)
		}
	}
}
