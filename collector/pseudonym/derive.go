package pseudonym

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"net/netip"

	"cordon/internal/identity"
	"cordon/internal/record"
)

// Deriver makes the stand-ins of one key epoch.
type Deriver struct {
	epoch  int32
	keyed  [kinds]hash.Hash
	cache  *cache
	input  []byte // what is hashed: domain, zero byte, identity
	output []byte
}

// kind is one kind of stand-in; each has its own key and its own domain text.
type kind uint8

const (
	kindPseudonym kind = iota
	kindBucket
	kindEquipment
	kindCell
	kindRemote
	kindDomain
	kinds
)

// labels name the derived keys; domains begin what is hashed.
var (
	labels  = [kinds]string{"pseudonym", "bucket", "equipment", "cell", "remote", "domain"}
	domains = [kinds]string{"supi", "bucket", "equipment", "cell", "remote", "domain"}
)

// NewDeriver returns the deriver of an epoch that remembers the stand-ins of
// about slots recent identities, 71 bytes each; 0 remembers none.
func NewDeriver(key Key, epoch int32, slots int) (*Deriver, error) {
	d := &Deriver{epoch: epoch, cache: newCache(slots), input: make([]byte, 0, 1024), output: make([]byte, 0, sha256.Size)}
	for k := range kinds {
		of := epoch
		if k == kindBucket {
			of = 0
		}
		derived, err := key.Derive(labels[k], of)
		if err != nil {
			return nil, err
		}
		d.keyed[k] = hmac.New(sha256.New, derived)
	}
	return d, nil
}

// Epoch returns the key epoch.
func (d *Deriver) Epoch() int32 { return d.epoch }

// Terminal returns the pseudonym of a subscriber.
func (d *Deriver) Terminal(supi identity.SUPI) record.Pseudonym {
	d.begin(kindPseudonym)
	d.input = append(d.input, supi.Reveal()...)
	return record.Pseudonym(d.sum(kindPseudonym))
}

// Bucket returns the partition, of that many, that holds everything about the
// subscriber in every epoch. Partitions is at least 1.
func (d *Deriver) Bucket(supi identity.SUPI, partitions int32) int32 {
	d.begin(kindBucket)
	d.input = append(d.input, supi.Reveal()...)
	sum := d.sum(kindBucket)
	return int32(binary.BigEndian.Uint64(sum[:]) % uint64(partitions))
}

// Equipment returns the token of a subscriber and the equipment it uses: it
// changes when the card moves to another device, and two cards in one device
// have different tokens, so that it links nobody.
func (d *Deriver) Equipment(supi identity.SUPI, pei identity.PEI) record.Token {
	d.begin(kindEquipment)
	d.input = append(append(append(d.input, supi.Reveal()...), 0), pei.Reveal()...)
	return shorten(d.sum(kindEquipment))
}

// Cell returns the token of a cell, whose hex digits may be of either case (TS
// 29.571 NrCellId).
func (d *Deriver) Cell(cell string) record.Token {
	d.begin(kindCell)
	d.input = appendLower(d.input, cell)
	return shorten(d.sum(kindCell))
}

// Remote returns the token of another terminal's address in a data network, whose
// names compare without regard to case.
func (d *Deriver) Remote(address netip.Addr, dnn, snssai string) record.RemoteToken {
	d.begin(kindRemote)
	raw := address.As16()
	d.input = append(appendLower(append(d.input, raw[:]...), dnn), 0)
	d.input = appendLower(d.input, snssai)
	return record.RemoteToken(d.sum(kindRemote))
}

// Domain returns the token of a domain under a private suffix.
func (d *Deriver) Domain(domain string) record.Token {
	d.begin(kindDomain)
	d.input = append(d.input, domain...)
	return shorten(d.sum(kindDomain))
}

// CacheHits returns how many stand-ins were remembered, and how many computed.
func (d *Deriver) CacheHits() (hits, misses int64) { return d.cache.hits, d.cache.misses }

func (d *Deriver) begin(k kind) {
	d.input = append(append(d.input[:0], domains[k]...), 0)
}

func (d *Deriver) sum(k kind) [16]byte {
	if slot := d.cache.find(d.input); slot != nil {
		return slot.sum
	}
	h := d.keyed[k]
	h.Reset()
	h.Write(d.input)
	d.output = h.Sum(d.output[:0])
	sum := [16]byte(d.output)
	d.cache.keep(d.input, sum)
	return sum
}

// appendLower appends ASCII text in lower case.
func appendLower(dst []byte, text string) []byte {
	for i := range len(text) {
		c := text[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

func shorten(sum [16]byte) record.Token { return record.Token(sum[:8]) }
