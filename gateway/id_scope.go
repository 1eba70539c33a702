package gateway

import (
	"fmt"
	"strings"
	"time"
)

// idScope is the room within which an operator's ids are unique: a link, a host
// of a link, or a group of links. It knows, or finds out, how the ids in
// receipts come of those in answers:
//
//  1. While nothing is known a receipt is looked for in every form. It is taken
//     only if all forms that lead anywhere lead to one and the same message.
//  2. A form that explains idsAgree receipts in a row, and more of them than
//     any other, is learned: from then on receipts are looked for in it only,
//     and those that could not be told apart before are looked at again.
//  3. When receipts suddenly fit another form, or nothing at all for long, what
//     was learned is forgotten and learned anew. So it is by a restart. That
//     hundreds fit nothing for a moment means nothing: they have overtaken
//     their answers.
type idScope struct {
	name  string
	forms IDForms

	learned idRelation // formUnknown while nothing is
	changed bool       // since the receipts that are held were looked at

	agreed            []agreement // while learning
	answers, receipts idShape     // while learning
	recent            []answeredID
	next              int // place in recent of the next

	misses int       // receipts in a row that fitted nothing
	since  time.Time // when the first of them came
	astray int       // of them that would have fitted in another form

	short [2]map[uint64]uint64 // keys of answers by those of what receipts have of them, when learned so
}

const (
	idsAgree     = 20               // receipts that teach a relation
	idsAstray    = 5                // receipts in a row that fit in another form only and overthrow it
	idsMissed    = 200              // receipts in a row that fit nothing at all and overthrow it,
	idsMissedFor = 10 * time.Second // if that goes on for as long
	idsRecent    = 1024             // answers that a cut id is looked for among, while learning
	idsShort     = 250_000          // cut ids remembered, twice over
	idsCutLeast  = 6                // characters of a cut id
	idsShape     = 16               // ids after which a letter that did not come will not
)

// agreement counts the receipts in a row that a relation explained.
type agreement struct {
	idRelation
	n int
}

// idShape is what the ids of one side look like.
type idShape struct {
	seen              int
	letters           bool // a to f
	shortest, longest int
}

func (s *idShape) see(id string) {
	if s.seen == 0 || len(id) < s.shortest {
		s.shortest = len(id)
	}
	s.longest = max(s.longest, len(id))
	s.letters = s.letters || strings.ContainsAny(id, "abcdefABCDEF")
	s.seen++
}

// decimal tells that so many ids without a letter are no hexadecimal numbers.
func (s *idShape) decimal() bool { return !s.letters && s.seen >= idsShape }

// answeredID is an answer's id and its key.
type answeredID struct {
	id  string
	key uint64
}

// candidate is a key under which a receipt's message may be found.
type candidate struct {
	idRelation
	key uint64
}

// learning tells whether it is not known how ids agree.
func (s *idScope) learning() bool {
	return s.forms == IDsInAnyForm && s.learned.form == formUnknown
}

// key hashes an answer's id.
func (s *idScope) key(id string) uint64 {
	if s.forms == IDsExactly {
		return exactKey(s.name, id)
	}
	return receiptKey(s.name, id)
}

// answered takes note of an answer's id and returns its key. taken tells
// whether another message awaits a receipt under a key.
func (s *idScope) answered(id string, taken func(uint64) bool) uint64 {
	key := s.key(id)
	switch {
	case s.learning():
		s.answers.see(id)
		if len(s.recent) < idsRecent {
			s.recent = append(s.recent, answeredID{id, key})
		} else {
			s.recent[s.next] = answeredID{id, key}
			s.next = (s.next + 1) % idsRecent
		}
	case s.short[0] != nil:
		s.shorten(id, key, taken)
	}
	return key
}

// ambiguousKey stands in short for a cut id that several answers have.
const ambiguousKey = 0

// shorten remembers what receipts will have of an answer's id.
func (s *idScope) shorten(id string, key uint64, taken func(uint64) bool) {
	part, cut := s.learned.inReceipt(id)
	if !cut {
		return
	}
	if len(s.short[0]) >= idsShort {
		s.short[1], s.short[0] = s.short[0], map[uint64]uint64{}
	}
	k := receiptKey(s.name, part)
	if have, ok := s.whole(k); ok && have != key && (have == ambiguousKey || taken(have)) {
		key = ambiguousKey
	}
	s.short[0][k] = key
}

// whole returns the key of the answer's id by that of what a receipt has of it.
func (s *idScope) whole(cut uint64) (uint64, bool) {
	key, ok := s.short[0][cut]
	if !ok {
		key, ok = s.short[1][cut]
	}
	return key, ok
}

// candidates appends the keys under which the message of a receipt may be
// found; ambiguous says that several messages have what the receipt names.
func (s *idScope) candidates(list []candidate, id string) (_ []candidate, ambiguous bool) {
	switch {
	case s.forms != IDsInAnyForm:
		return append(list, candidate{idRelation{form: formEqual}, s.key(id)}), false
	case s.learning():
		return s.inEveryForm(list, id), false
	case s.short[0] != nil:
		k := receiptKey(s.name, id)
		if key, ok := s.whole(k); ok {
			return append(list, candidate{s.learned, key}), key == ambiguousKey
		}
		return append(list, candidate{s.learned, k}), false
	}
	if answer, ok := s.learned.inAnswer(id); ok {
		list = append(list, candidate{s.learned, receiptKey(s.name, answer)})
	}
	return list, false
}

// inEveryForm appends the keys of a receipt's id read in every form that the
// ids so far do not speak against.
func (s *idScope) inEveryForm(list []candidate, id string) []candidate {
	from := len(list)
	add := func(r idRelation, key uint64) {
		if r.form >= formReceiptFirst { // what is the same by a simpler form is not cut
			for _, have := range list[from:] {
				if have.key == key {
					return
				}
			}
		}
		list = append(list, candidate{r, key})
	}
	if !s.answers.letters || s.receipts.letters || s.receipts.seen < idsShape {
		add(idRelation{form: formEqual}, receiptKey(s.name, id))
	}
	if hex, ok := toHex(id); ok && !s.answers.decimal() {
		add(idRelation{form: formHexDecimal}, receiptKey(s.name, hex))
	}
	if decimal, ok := toDecimal(id); ok && !s.answers.letters && !s.receipts.decimal() {
		add(idRelation{form: formDecimalHex}, receiptKey(s.name, decimal))
	}
	if s.answers.seen == 0 {
		return list
	}
	for n := max(idsCutLeast, s.answers.shortest); n <= s.answers.longest && s.answers.longest < len(id); n++ {
		add(idRelation{formAnswerFirst, uint8(n)}, receiptKey(s.name, id[:n]))
		add(idRelation{formAnswerLast, uint8(n)}, receiptKey(s.name, id[len(id)-n:]))
	}
	if idsCutLeast <= len(id) && len(id) < s.answers.shortest {
		for _, a := range s.recent {
			n := uint8(len(id))
			if strings.EqualFold(a.id[:len(id)], id) {
				add(idRelation{formReceiptFirst, n}, a.key)
			}
			if strings.EqualFold(a.id[len(a.id)-len(id):], id) {
				add(idRelation{formReceiptLast, n}, a.key)
			}
		}
	}
	return list
}

// agree counts a receipt that some relations explain, and learns from it.
func (s *idScope) agree(explained []idRelation) (learned bool) {
	now := make([]agreement, 0, len(explained))
	for _, r := range explained {
		a := agreement{idRelation: r, n: 1}
		for _, have := range s.agreed {
			if have.idRelation == r {
				a.n = have.n + 1
			}
		}
		now = append(now, a)
	}
	s.agreed = now
	best, second := agreement{}, 0
	for _, a := range now {
		if a.n > best.n {
			best, second = a, best.n
		} else {
			second = max(second, a.n)
		}
	}
	if best.n < idsAgree || best.n == second {
		return false
	}
	s.learn(best.idRelation)
	return true
}

func (s *idScope) learn(r idRelation) {
	recent := s.recent
	s.forget()
	s.learned = r
	if r.form != formReceiptFirst && r.form != formReceiptLast {
		return
	}
	s.short[0] = map[uint64]uint64{}
	for _, a := range recent {
		s.shorten(a.id, a.key, func(uint64) bool { return true })
	}
}

// forget begins to learn anew.
func (s *idScope) forget() {
	*s = idScope{name: s.name, forms: s.forms, changed: true}
}

// fits notes that a receipt was found.
func (s *idScope) fits() { s.misses, s.astray = 0, 0 }

// missed notes that a receipt was not found in the form that was learned;
// elsewhere that it would be in another one. It tells whether what was learned
// has been overthrown.
func (s *idScope) missed(elsewhere bool, now time.Time) bool {
	if s.misses == 0 {
		s.since = now
	}
	s.misses++
	if elsewhere {
		s.astray++
	}
	if s.astray < idsAstray && (s.misses < idsMissed || now.Sub(s.since) < idsMissedFor) {
		return false
	}
	s.forget()
	return true
}

// describe tells people how ids agree.
func (s *idScope) describe() string {
	switch {
	case s.forms == IDsExactly:
		return "octet by octet, as configured"
	case s.forms == IDsAsAnswered:
		return "as configured"
	case !s.learning():
		return s.learned.String()
	}
	n := 0
	for _, a := range s.agreed {
		n = max(n, a.n)
	}
	return fmt.Sprintf("learning: %d of %d receipts agree", min(n, idsAgree), idsAgree)
}
