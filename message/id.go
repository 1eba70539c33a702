package message

import (
	"errors"
	"math"
	"time"
)

// ID names a message or an inbound message. It is unique across the nodes of
// one installation and ordered by time of creation:
//
//	bits 62-22  milliseconds since 2025-01-01 00:00 UTC (69 years)
//	bits 21-16  number of the node, 0 to 63
//	bits 15-0   sequence within the millisecond
//
// In JSON and in SMPP it is shown as 13 characters (Crockford's base 32, lower
// case). Zero is no message.
type ID int64

const (
	idEpoch     = 1735689600000 // 2025-01-01T00:00:00Z in Unix milliseconds
	idSequence  = 16
	idNode      = 6
	idTimeShift = idSequence + idNode
	idLength    = 13
	idAlphabet  = "0123456789abcdefghjkmnpqrstvwxyz"
)

// ErrBadID is returned by ParseID for text that is no id of ours.
var ErrBadID = errors.New("not an id: 13 characters of 0-9 and a-z without i, l, o, u are expected")

// Time returns when the id was made, to the millisecond, in UTC.
func (id ID) Time() time.Time { return time.UnixMilli(id.Millis()).UTC() }

// Millis returns when the id was made in Unix milliseconds.
func (id ID) Millis() int64 { return int64(id)>>idTimeShift + idEpoch }

// Node returns the number of the node that made the id.
func (id ID) Node() int { return int(id>>idSequence) & (1<<idNode - 1) }

// String returns the 13 characters by which customers know the message.
func (id ID) String() string {
	var b [idLength]byte
	return string(id.Append(b[:0]))
}

// Append appends the 13 characters of the id to dst.
func (id ID) Append(dst []byte) []byte {
	for shift := 5 * (idLength - 1); shift >= 0; shift -= 5 {
		dst = append(dst, idAlphabet[uint64(id)>>shift&31])
	}
	return dst
}

// MarshalText implements encoding.TextMarshaler.
func (id ID) MarshalText() ([]byte, error) { return id.Append(nil), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (id *ID) UnmarshalText(text []byte) error {
	parsed, err := ParseID(string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}

// ParseID reads what String or UUID wrote; letters may be in either case.
func ParseID(s string) (ID, error) {
	if len(s) == uuidLength {
		return ParseUUID(s)
	}
	if len(s) != idLength {
		return 0, ErrBadID
	}
	var v uint64
	for i := range len(s) {
		d := idDigit(s[i])
		if d < 0 || i == 0 && d > 7 {
			return 0, ErrBadID
		}
		v = v<<5 | uint64(d)
	}
	return ID(v), nil
}

func idDigit(c byte) int {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	for i := range len(idAlphabet) {
		if idAlphabet[i] == c {
			return i
		}
	}
	return -1
}

// FirstIDAt returns the smallest id that can have been made at t: the bound
// for lists and retention by time. Before 2025 it is the smallest id there is,
// after 2094 the largest.
func FirstIDAt(t time.Time) ID {
	switch ms := t.UnixMilli() - idEpoch; {
	case ms < 0:
		return 0
	case ms >= 1<<(63-idTimeShift):
		return math.MaxInt64
	default:
		return ID(ms << idTimeShift)
	}
}

// IDs makes ids for one node. It is not safe for concurrent use: whoever
// orders the messages makes the ids, so that their order is the order of rows.
type IDs struct {
	node int64
	last int64
}

// NewIDs returns a maker of ids for node (0 to 63) that starts after last, the
// highest id already given out (0 if none), also when the clock stands earlier.
func NewIDs(node int, last ID) *IDs {
	return &IDs{node: int64(node & (1<<idNode - 1)), last: int64(last)}
}

// Last returns the last id that was given out, or that after which it starts.
func (g *IDs) Last() ID { return ID(g.last) }

// Next returns an id that is greater than all before it, at or after now.
func (g *IDs) Next(now time.Time) ID {
	ms := now.UnixMilli() - idEpoch
	id := ms<<idTimeShift | g.node<<idSequence
	if id <= g.last {
		id = g.last + 1
		if id>>idSequence&(1<<idNode-1) != g.node { // the sequence ran over into the node
			id = (g.last>>idTimeShift+1)<<idTimeShift | g.node<<idSequence
		}
	}
	g.last = id
	return ID(id)
}
