package route

import (
	"time"

	"kurir/gsm"
	"kurir/message"
)

// Query is what is known of a message when its route is chosen.
type Query struct {
	To       message.Address
	From     message.Address
	Account  string
	Groups   []string // of the account
	Via      message.Interface
	Tag      string
	Text     string
	Encoding gsm.Encoding
	Parts    int
	At       time.Time // of acceptance
	Expires  int64     // Unix milliseconds; tells messages to one recipient apart
	Header   []byte    // user data header, by which parts of one long message are known

	lookup *Lookup
	found  Network // of To, once looked
	looked bool
}

// Lookup is what a Table is told of recipients by others. The zero Lookup knows nothing.
type Lookup struct {
	Networks *Networks
	List     func(name string, to message.Address) bool // whether a recipient is on a number list
}

// network gives the network of the recipient.
func (q *Query) network() Network {
	if !q.looked && q.lookup != nil {
		q.found, q.looked = q.lookup.Networks.Of(q.To), true
	}
	return q.found
}

// onList tells whether the recipient is on one of the lists.
func (q *Query) onList(names []string) bool {
	if q.lookup == nil || q.lookup.List == nil {
		return false
	}
	for _, name := range names {
		if q.lookup.List(name, q.To) {
			return true
		}
	}
	return false
}

// QueryOf is the query of a message, which gives the same answer whenever it is asked. groups are those of its account,
// at the time of its acceptance.
func QueryOf(m *message.Message, groups []string, at time.Time) Query {
	return Query{
		To: m.To, From: m.From, Account: m.Account, Groups: groups, Via: m.Via, Tag: m.Tag(), Text: m.Content.Text, Encoding: m.Encoding,
		Parts: int(m.Parts), At: at, Expires: m.Expires, Header: m.Content.Header,
	}
}

// key is a number by which messages are spread evenly: the same for the same message, for the parts of one that the
// customer cut himself, and with sticky for everything to one recipient. salt is the rule's, so that a share of a share
// is one too.
func (q *Query) key(salt uint64, sticky bool) uint64 {
	h := mixText(salt, q.To.Number)
	if sticky {
		return finish(h)
	}
	h = mixText(mixText(h, q.From.Number), q.Account)
	if len(q.Header) > 0 {
		if header, _, err := gsm.ParseHeader(q.Header); err == nil {
			if c, ok := header.Concat(); ok {
				return finish(mix(h, uint64(c.Reference)))
			}
		}
	}
	return finish(mix(h, uint64(q.Expires)))
}

// FNV-1a (RFC 9923).
const (
	hashBasis = 0xcbf29ce484222325
	hashPrime = 0x100000001b3
)

func mixText(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * hashPrime
	}
	return (h ^ 0xff) * hashPrime
}

func mix(h, n uint64) uint64 {
	for ; n > 0; n >>= 8 {
		h = (h ^ n&0xff) * hashPrime
	}
	return h
}

// finish spreads what differs in the last octets over all bits, as the lower ones decide.
func finish(h uint64) uint64 {
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
