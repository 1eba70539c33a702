package gateway

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"kurir/gsm"
	"kurir/message"
)

// shelf holds messages that await receipts in a compact form, some 150 octets
// in place of a kilobyte: at 45,000 messages a second whose receipts come after
// half a minute there are more than a million of them. A message comes onto it
// when it has been with the operator for shelveAfter, and is taken off, whole
// again, when something is to happen to it (fetch).
//
// Octets are cut from slabs in the order in which messages come; a slab is used
// again when all of its messages have left. That is soon: what stays longer
// than MarkLag leaves memory (mark.go).
type shelf struct {
	byKey keyTable // by operator's ids as in outstanding
	n     int      // messages

	slabs  []slab
	free   []uint32 // slabs without messages
	at     uint32   // slab that is being filled
	kinds  []shelfKind
	unused []uint32 // places in kinds
	kindOf map[shelfKindKey]uint32
	buf    []byte
}

// shelfRef is where a message stands: slab, and octet from 1 on. 0 is nowhere.
type shelfRef uint64

// place is a message in Gateway.recent, and where on the shelf it stands.
type place struct {
	id  message.ID
	ref shelfRef
}

type slab struct {
	octets []byte
	live   int // messages in it
}

// shelfKind is what many messages share: there are as many as accounts, routes
// and configurations go together. Those of the configuration in force stay; one
// of an earlier configuration goes with its last message.
type shelfKind struct {
	shelfKindKey
	links []string
	live  int // messages on the shelf
}

type shelfKindKey struct {
	account  string
	via      message.Interface
	priority message.Priority
	receipts message.Receipts
	target   message.TargetKind
	mask     uint8
	class    int8
	want     gsm.Encoding
	encoding gsm.Encoding
	config   uint32
	names    string // of links
}

const (
	shelveAfter = 2 * time.Second
	shelveMost  = 40_000 // messages looked at in a tick of markPause,
	shelveSlice = 200    // so many while the lock is held
	slabSize    = 256 << 10
	textKept    = 20 // characters of the text, of which SMPP receipts tell
)

func (s *shelf) init() {
	s.kindOf = map[shelfKindKey]uint32{}
}

func (s *shelf) len() int { return s.n }

// octets is how much memory the slabs take.
func (s *shelf) octets() int { return (len(s.slabs) - len(s.free)) * slabSize }

// shelve puts messages onto the shelf that have been with the operator long
// enough: a second cursor over what was accepted, ahead of the mark.
func (g *Gateway) shelve(now time.Time) {
	g.mu.Lock()
	limit := g.firstIDAt(now.Add(-shelveAfter))
	g.mu.Unlock()
	for n := 0; n < shelveMost && g.shelveSome(limit); n += shelveSlice {
	}
}

// shelveSome does so with shelveSlice messages whose ids are below limit; more
// tells whether there may be others.
func (g *Gateway) shelveSome(limit message.ID) (more bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shelved = max(g.shelved, g.passed)
	for range shelveSlice {
		if g.shelved-g.passed >= g.recent.len() {
			return false
		}
		p := g.recent.at(g.shelved - g.passed)
		if p.id >= limit {
			return false
		}
		if e := g.open[p.id]; e != nil && e.station == enroute {
			g.shelveOne(e, g.shelved)
		}
		g.shelved++
	}
	return true
}

// shelveOne puts a message onto the shelf, unless its kind is too rare to be
// worth it or it is being written. at is its place in recent, counted from the
// first message of all.
func (g *Gateway) shelveOne(e *entry, at int) {
	m, c, s := e.m, &e.m.Content, &g.shelf
	if e.past != nil || e.rowed || e.changeIn == g.cur.seq || e.item != nil || len(c.Data) > 0 || len(c.Header) > 0 || c.Extra != nil || m.Special != nil ||
		len(e.keys) == 0 || len(e.keys) > 255 || len(m.Links) == 0 {
		return
	}
	for _, k := range e.keys {
		if s.byKey.get(k) != 0 {
			return
		}
	}
	number := s.kind(m)
	s.kinds[number].live++
	s.buf = s.encode(s.buf[:0], e, number, at)
	if len(s.buf) > slabSize {
		s.leave(number, g.snap.Load().Number)
		return
	}
	ref := s.store(s.buf)
	s.n++
	g.recent.items[g.recent.head+at-g.passed].ref = ref
	for _, k := range e.keys {
		if k != 0 {
			g.outstanding.remove(k, e)
			s.byKey.put(k, ref)
		}
	}
	delete(g.open, m.ID)
	e.station = nowhere
}

// store copies a record into the slab that is being filled, behind its length.
func (s *shelf) store(record []byte) shelfRef {
	if len(s.slabs) == 0 || len(s.slabs[s.at].octets)+len(record)+binary.MaxVarintLen32 > slabSize {
		s.nextSlab()
	}
	b := &s.slabs[s.at]
	ref := shelfRef(s.at)<<32 | shelfRef(len(b.octets)+1)
	b.octets = appendCounted(b.octets, record)
	b.live++
	return ref
}

func (s *shelf) nextSlab() {
	if n := len(s.slabs); n > 0 && s.slabs[s.at].live == 0 {
		s.slabs[s.at].octets = s.slabs[s.at].octets[:0]
		return
	}
	if n := len(s.free); n > 0 {
		s.at = s.free[n-1]
		s.free = s.free[:n-1]
		return
	}
	s.at = uint32(len(s.slabs))
	s.slabs = append(s.slabs, slab{octets: make([]byte, 0, slabSize+binary.MaxVarintLen32)})
}

// take takes a record off the shelf. It is good until the next one is stored.
func (s *shelf) take(ref shelfRef) []byte {
	n := uint32(ref >> 32)
	b := &s.slabs[n]
	r := shelfReader{rest: b.octets[uint32(ref)-1:]}
	record := r.octets()
	if b.live--; b.live == 0 && n != s.at {
		b.octets = b.octets[:0]
		s.free = append(s.free, n)
	}
	return record
}

// fetch returns an open message by its id: as it is in memory, or taken off the
// shelf; nil if it is in neither.
func (g *Gateway) fetch(id message.ID) *entry {
	if e := g.open[id]; e != nil {
		return e
	}
	if ref := g.shelfRefOf(id); ref != 0 {
		return g.unshelve(ref)
	}
	return nil
}

// known tells whether an open message is in memory, in either form.
func (g *Gateway) known(id message.ID) bool { return g.open[id] != nil || g.shelfRefOf(id) != 0 }

// shelfRefOf returns where on the shelf a message stands, 0 if it does not.
func (g *Gateway) shelfRefOf(id message.ID) shelfRef {
	if g.shelf.n == 0 {
		return 0
	}
	places := g.recent.items[g.recent.head:]
	i, ok := slices.BinarySearchFunc(places, id, func(p place, id message.ID) int { return cmp.Compare(p.id, id) })
	if !ok {
		return 0
	}
	return places[i].ref
}

// unshelve makes a message whole again.
func (g *Gateway) unshelve(ref shelfRef) *entry {
	s := &g.shelf
	r := shelfReader{rest: s.take(ref)}
	m := &message.Message{}
	s.n--
	number := uint32(r.uvarint())
	kind := s.kinds[number]
	s.leave(number, g.snap.Load().Number)
	p := &g.recent.items[g.recent.head+int(r.uvarint())-g.passed]
	p.ref = 0
	m.ID = p.id
	keys := make([]uint64, r.octet())
	for i := range keys {
		keys[i] = r.uint64()
	}
	m.Account, m.Via, m.Priority, m.Receipts = kind.account, kind.via, kind.priority, kind.receipts
	m.Target = message.Target{Kind: kind.target, Mask: kind.mask}
	if kind.target != message.NoTarget {
		m.Target.Account = kind.account
	}
	m.Content.Class, m.Content.Want, m.Encoding, m.Config, m.Links = kind.class, kind.want, kind.encoding, kind.config, kind.links
	m.From, m.To = r.address(), r.address()
	m.Reference, m.Content.Text, m.Target.Address = string(r.octets()), string(r.octets()), string(r.octets())
	m.Parts = r.octet()
	m.SendAt, m.Expires, m.Price = int64(r.uvarint()), int64(r.uvarint()), int64(r.uvarint())
	log := r.octets()
	m.State = message.Enroute
	m.Log = append(make([]byte, 0, len(log)+48), log...)
	e := newEntry(m)
	e.readLog(g)
	e.keys, e.station = append(e.oneKey[:0], keys...), enroute
	g.open[m.ID] = e
	for _, k := range keys {
		if k != 0 {
			s.byKey.remove(k)
			g.outstanding.add(k, e)
		}
	}
	return e
}

// encode appends the record of a message: uvarint kind; uvarint place in
// recent, which has its id; number of keys and each; addresses; reference, text, address of the target as counted octets;
// parts; uvarint time to send, end of validity, price; log, counted. Of a text
// that only SMPP receipts will tell of, the beginning is kept.
func (s *shelf) encode(dst []byte, e *entry, kind uint32, at int) []byte {
	m := e.m
	dst = binary.AppendUvarint(dst, uint64(kind))
	dst = binary.AppendUvarint(dst, uint64(at))
	dst = append(dst, byte(len(e.keys)))
	for _, k := range e.keys {
		dst = binary.LittleEndian.AppendUint64(dst, k)
	}
	dst = appendShelfAddress(appendShelfAddress(dst, m.From), m.To)
	dst = appendCounted(dst, m.Reference)
	text := m.Content.Text
	if m.Target.Kind == message.SMPPTarget || m.Target.Kind == message.NoTarget {
		text = beginning(text, textKept)
	}
	dst = appendCounted(dst, text)
	dst = appendCounted(dst, m.Target.Address)
	dst = append(dst, m.Parts)
	for _, n := range [...]int64{m.SendAt, m.Expires, m.Price} {
		dst = binary.AppendUvarint(dst, uint64(n))
	}
	return appendCounted(dst, m.Log)
}

// kind returns the number of what a message shares with others.
func (s *shelf) kind(m *message.Message) uint32 {
	key := shelfKindKey{
		account: m.Account, via: m.Via, priority: m.Priority, receipts: m.Receipts, target: m.Target.Kind, mask: m.Target.Mask,
		class: m.Content.Class, want: m.Content.Want, encoding: m.Encoding, config: m.Config, names: m.Links[0],
	}
	if len(m.Links) > 1 {
		key.names = strings.Join(m.Links, "\x00")
	}
	n, ok := s.kindOf[key]
	if !ok {
		n = s.newKind(shelfKind{shelfKindKey: key, links: m.Links})
		s.kindOf[key] = n
	}
	return n
}

// newKind puts a kind into an unused place, or a new one.
func (s *shelf) newKind(k shelfKind) (n uint32) {
	if last := len(s.unused) - 1; last >= 0 {
		n = s.unused[last]
		s.unused = s.unused[:last]
		s.kinds[n] = k
		return n
	}
	s.kinds = append(s.kinds, k)
	return uint32(len(s.kinds) - 1)
}

// leave books that a message of a kind has left the shelf. config is the number
// of the configuration in force.
func (s *shelf) leave(n, config uint32) {
	k := &s.kinds[n]
	if k.live--; k.live == 0 && k.config != config {
		s.forget(n)
	}
}

// forgetOld forgets the kinds that no message is of when a configuration comes
// into force.
func (s *shelf) forgetOld(config uint32) {
	for key, n := range s.kindOf {
		if s.kinds[n].live == 0 && key.config != config {
			s.forget(n)
		}
	}
}

func (s *shelf) forget(n uint32) {
	delete(s.kindOf, s.kinds[n].shelfKindKey)
	s.kinds[n] = shelfKind{}
	s.unused = append(s.unused, n)
}

// beginning returns the first n characters of a text.
func beginning(text string, n int) string {
	for i := range text {
		if n--; n < 0 {
			return text[:i]
		}
	}
	return text
}

func appendShelfAddress(dst []byte, a message.Address) []byte {
	return appendCounted(append(dst, byte(a.TON), byte(a.NPI)), a.Number)
}

func appendCounted[T string | []byte](dst []byte, s T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// shelfReader reads what encode wrote, which no one else has touched.
type shelfReader struct{ rest []byte }

func (r *shelfReader) octet() byte {
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *shelfReader) uint64() uint64 {
	v := binary.LittleEndian.Uint64(r.rest)
	r.rest = r.rest[8:]
	return v
}

func (r *shelfReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	r.rest = r.rest[n:]
	return v
}

func (r *shelfReader) octets() []byte {
	n := r.uvarint()
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *shelfReader) address() message.Address {
	a := message.Address{TON: message.TON(r.octet()), NPI: message.NPI(r.octet())}
	a.Number = string(r.octets())
	return a
}
