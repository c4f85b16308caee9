package pseudonym

import "hash/maphash"

// keySize is the longest input a slot remembers: domain, IMSI and IMEI of an
// equipment token are 52 bytes. Longer ones (names of a realm) are hashed anew.
const keySize = 54

// ways is how many slots share a place: a new input pushes out the oldest.
const ways = 4

// cache remembers recent stand-ins. It is an array without pointers, costs the
// garbage collector nothing, and its size is its bound. The place of an input
// comes from a hash seeded per process, so nobody can choose identities that
// push each other out; what is found there is compared in full, so the seed
// never reaches a result.
type cache struct {
	seed         maphash.Seed
	slots        []slot
	hits, misses int64
}

type slot struct {
	key  [keySize]byte
	size uint8
	sum  [16]byte
}

func newCache(slots int) *cache {
	c := &cache{seed: maphash.MakeSeed()}
	if slots <= 0 {
		return c
	}
	size := ways
	for size < slots {
		size *= 2
	}
	c.slots = make([]slot, size)
	return c
}

// place returns the slots an input may be in.
func (c *cache) place(input []byte) []slot {
	at := int(maphash.Bytes(c.seed, input)) & (len(c.slots) - 1) &^ (ways - 1)
	return c.slots[at : at+ways]
}

func (c *cache) find(input []byte) *slot {
	if len(input) > keySize || len(c.slots) == 0 {
		c.misses++
		return nil
	}
	set := c.place(input)
	for i := range set {
		if s := &set[i]; int(s.size) == len(input) && string(s.key[:s.size]) == string(input) {
			c.hits++
			return s
		}
	}
	c.misses++
	return nil
}

func (c *cache) keep(input []byte, sum [16]byte) {
	if len(input) > keySize || len(c.slots) == 0 {
		return
	}
	set := c.place(input)
	copy(set[1:], set)
	set[0] = slot{size: uint8(len(input)), sum: sum}
	copy(set[0].key[:], input)
}
