package graft

import "cordon/internal/record"

// Kind is something that happens.
type Kind struct {
	Name string
	What string
	// Want is the class that it has to be called, of so many of 80 grafts (four
	// devices, twenty seeds each) within a median time, as the reference
	// measured; a zero median: no time is asked for. Where nothing is wrong, Want
	// is the gravest class that is allowed; empty: none at all.
	Want   record.Class
	Of80   int
	Median record.Micros
	Benign bool
	write  func(s *script)
}

// Times of the kinds, in seconds.
const (
	minute = 60.0
	hour   = 60 * minute
	day    = 24 * hour
)

// Kinds are all that can happen.
func Kinds() []Kind { return kinds }

var kinds = []Kind{
	{Name: "dead-60s", What: "beacon of 60 s to a server that never answers", Want: record.ClassMalicious, Of80: 80, Median: 637 * record.Second, write: beacon(60, 0.1, 6667, false, 2*hour)},
	{Name: "dead-300s", What: "the same, 300 s", Want: record.ClassMalicious, Of80: 80, Median: 49 * record.Minute, write: beacon(300, 0.1, 6667, false, 4*hour)},
	{Name: "dead-600s", What: "the same, 600 s", Want: record.ClassMalicious, Of80: 80, Median: 71 * record.Minute, write: beacon(600, 0.1, 6667, false, 6*hour)},
	{Name: "dead-60s-jitter", What: "the same, 60 s give or take a half", Want: record.ClassMalicious, Of80: 80, write: beacon(60, 0.5, 6667, false, 2*hour)},
	{Name: "answered-60s", What: "beacon of 60 s that is answered, port 8081", Want: record.ClassWatch, Of80: 80, Median: 15 * record.Minute, write: beacon(60, 0.1, 8081, true, 3*hour)},
	{Name: "answered-600s", What: "the same, 600 s", Want: record.ClassWatch, Of80: 80, write: beacon(600, 0.1, 8081, true, 12*hour)},
	{Name: "mining", What: "session with a mining pool, port 3333", Want: record.ClassWatch, Of80: 80, Median: 15 * record.Minute, write: mining},
	{Name: "scan-1s", What: "scan of 1/s, ports 23 and 2323", Want: record.ClassMalicious, Of80: 80, Median: 38 * record.Second, write: scan(1, 120)},
	{Name: "scan-10h", What: "scan of 10 an hour", Want: record.ClassMalicious, Of80: 80, Median: 35 * record.Minute, write: scan(10/hour, 40)},
	{Name: "flood-500k", What: "UDP flood of 0.5 Mbit/s", Want: record.ClassMalicious, Of80: 80, Median: 48 * record.Second, write: flood(5e5, 3*minute)},
	{Name: "flood-5M", What: "UDP flood of 5 Mbit/s", Want: record.ClassMalicious, Of80: 80, Median: 48 * record.Second, write: flood(5e6, 2*minute)},
	{Name: "exfil-60s", What: "50 MB in 60 s, port 8443", Want: record.ClassMalicious, Of80: 60, write: exfil(50e6, minute)},
	{Name: "exfil-30m", What: "50 MB in 30 min", Want: record.ClassMalicious, Of80: 40, write: exfil(50e6, 30*minute)},
	{Name: "exfil-6h", What: "5 MB in 6 h", Want: record.ClassMalicious, Of80: 0, write: exfil(5e6, 6*hour)},

	{Name: "firmware", What: "download of 30 MB, port 443", Benign: true, write: firmware},
	{Name: "rotation", What: "its service at another address every day, for three", Benign: true, write: rotation},
	{Name: "technician", What: "a technician's session over SSH from the same network", Benign: true, write: technician},
	{Name: "time-down", What: "no time server answers for over an hour", Benign: true, write: timeDown},
	{Name: "names-down", What: "no name is answered, asked every 30 s for two hours", Benign: true, write: namesDown(30, 2*hour)},
	{Name: "server-down", What: "its main server is gone, and fallbacks with it", Benign: true, write: serverDown},
	{Name: "uplink-down", What: "nothing that it sends is answered", Benign: true, write: uplinkDown},
	{Name: "push-2M", What: "a new remote opens a connection and sends 2 MB", Want: record.ClassWatch, Benign: true, write: pushed(2e6, 8080)},
	{Name: "telemetry", What: "one-way telemetry over UDP, every 10 s for six hours", Want: record.ClassWatch, Benign: true, write: telemetry},
	{Name: "names-1s", What: "a name that is not answered, asked every second", Want: record.ClassMalfunctioning, Benign: true, write: namesDown(1, hour/2)},
}

// around is a period, give or take a share of it.
func (s *script) around(period, share float64) float64 {
	return period * (1 + share*(2*s.r.Float64()-1))
}

func beacon(period, jitter float64, port uint16, answered bool, lasts float64) func(*script) {
	return func(s *script) {
		c := s.to(port)
		for t := 0.0; t < lasts; t += s.around(period, jitter) {
			if c.mine = s.port(); answered {
				s.exchange(t, c, 200, 300)
			} else {
				s.dead(t, c)
			}
		}
	}
}

func mining(s *script) {
	c := s.to(3333)
	s.open(0, c)
	for t := 1.0; t < 3*hour; t += 30 * s.r.ExpFloat64() {
		s.up(t, c, ack|push, 150+s.r.IntN(150))
		s.down(t+0.1, c, ack|push, 80)
		s.up(t+0.15, c, ack, 0)
	}
}

func scan(rate float64, count int) func(*script) {
	return func(s *script) {
		t := 0.0
		for range count {
			s.up(t, s.to([]uint16{23, 2323}[s.r.IntN(2)]), syn, 0)
			t += s.r.ExpFloat64() / rate
		}
	}
}

func flood(bitsPerSecond, lasts float64) func(*script) {
	return func(s *script) {
		c := s.to(80)
		for t := 0.0; t < lasts; t += (segment + 28) * 8 / bitsPerSecond {
			s.datagram(t, c, segment)
		}
	}
}

func exfil(bytes, lasts float64) func(*script) {
	return func(s *script) {
		c := s.to(8443)
		s.open(0, c)
		n := int(bytes / segment)
		for i := range n {
			t := 0.2 + lasts*float64(i)/float64(n)
			s.up(t, c, ack|push, segment)
			if i%2 == 1 {
				s.down(t+0.02, c, ack, 0)
			}
		}
	}
}

func firmware(s *script) {
	c := s.to(443)
	s.open(0, c)
	s.up(0.1, c, ack|push, 300)
	const n = 30_000_000 / segment
	for i := range n {
		t := 0.2 + 120*float64(i)/n
		s.down(t, c, ack|push, segment)
		if i%2 == 1 {
			s.up(t+0.001, c, ack, 0)
		}
	}
}

func technician(s *script) {
	c := conn{far: resolver.Next(), port: s.port(), mine: 22, otherWise: true}
	s.open(0, c)
	for t, i := 0.2, 0; i < 120; t, i = t+2*s.r.ExpFloat64(), i+1 {
		s.down(t, c, ack|push, 48)
		s.up(t+0.01, c, ack|push, 120)
		s.down(t+0.02, c, ack, 0)
	}
}

func timeDown(s *script) {
	t := 0.0
	for range 60 {
		for range 4 {
			s.datagram(t, conn{far: s.stranger(), port: 123, mine: 123}, 48)
			t++
		}
		t += minute
	}
}

func namesDown(period, lasts float64) func(*script) {
	return func(s *script) {
		name := s.name(0, "time", "example", "org")
		for t := 0.0; t < lasts; t += period {
			s.ask(t, name, -1, 0)
		}
	}
}

func pushed(bytes int, port uint16) func(*script) {
	return func(s *script) {
		c := conn{far: s.stranger(), port: s.port(), mine: port, otherWise: true}
		s.open(0, c)
		n := bytes / segment
		for i := range n {
			t := 0.2 + 0.02*float64(i)
			s.down(t, c, ack|push, segment)
			if i%2 == 1 {
				s.up(t+0.001, c, ack, 20)
			}
		}
		s.down(0.2+0.02*float64(n), c, fin|ack, 0)
	}
}

func telemetry(s *script) {
	c := s.to(9995)
	for t := 0.0; t < 6*hour; t += 10 {
		s.datagram(t, c, 400)
	}
}
