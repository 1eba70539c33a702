package store

import (
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Types of PostgreSQL, by their numbers. Kurir's tables have no others.
const (
	oidBool, oidBytes, oidInt64, oidText             = 16, 17, 20, 25
	oidBytesArray, oidInt64Array, oidTextArray       = 1001, 1016, 1009
	binaryFormat                               int16 = 1
)

// postgresStatement is the part of a statement that is PostgreSQL's: arguments
// as they go on the wire, and the row that was read. All are in binary form,
// with types that are said and not asked for, so that a statement is one
// message and needs no name: poolers may give each to another server process.
type postgresStatement struct {
	conn *conn
	text string

	values [][]byte // arguments
	types  []uint32
	room   []byte // that they stand in

	plan *postgresWrite // of those that write rows
	row  [][]byte       // that was read
	ints [1]int16       // the format of results
}

func newPostgresStatement(c *conn, text string) *postgresStatement {
	text, n := numbered(text)
	return &postgresStatement{conn: c, text: text, values: make([][]byte, n), types: make([]uint32, n), ints: [1]int16{binaryFormat}}
}

// numbered writes ? and ?2 as PostgreSQL's $1 and $2, takes out what only
// SQLite knows, and says how many arguments there are.
func numbered(text string) (string, int) {
	var b strings.Builder
	n, next := 0, 0
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\'':
			quoted = !quoted
			b.WriteByte(c)
		case c != '?' || quoted:
			b.WriteByte(c)
		default:
			end := i + 1
			for end < len(text) && '0' <= text[end] && text[end] <= '9' {
				end++
			}
			next++
			if end > i+1 {
				next, _ = strconv.Atoi(text[i+1 : end])
			}
			n = max(n, next)
			b.WriteString("$" + strconv.Itoa(next))
			i = end - 1
		}
	}
	text = b.String()
	if at := strings.Index(text, " INDEXED BY "); at >= 0 {
		rest := text[at+len(" INDEXED BY "):]
		text = text[:at] + rest[strings.IndexAny(rest+" ", " \n"):]
	}
	return text, n
}

// place makes room for an argument of n octets.
func (p *postgresStatement) place(param int, oid uint32, n int) []byte {
	for len(p.values) < param {
		p.values, p.types = append(p.values, nil), append(p.types, 0)
	}
	if p.room == nil || cap(p.room)-len(p.room) < n { // a first text that is empty is no NULL
		p.room = make([]byte, 0, max(2*cap(p.room), n, 512))
	}
	from := len(p.room)
	p.room = p.room[:from+n]
	v := p.room[from : from+n : from+n]
	p.values[param-1], p.types[param-1] = v, oid
	return v
}

func (p *postgresStatement) bindInt64(param int, v int64) {
	putInt64(p.place(param, oidInt64, 8), v)
}

func (p *postgresStatement) bindText(param int, v string) {
	if !plain(v) {
		v = escape(v)
	}
	copy(p.place(param, oidText, len(v)), v)
}

func (p *postgresStatement) bindBytes(param int, v []byte) {
	copy(p.place(param, oidBytes, len(v)), v)
}

func (p *postgresStatement) bindNull(param int) {
	p.place(param, 0, 0)
	p.values[param-1] = nil
}

// reset lets the next arguments take the room of these.
func (p *postgresStatement) reset() { p.room = p.room[:0] }

// columnInt64 reads a number of any length, or a truth.
func (p *postgresStatement) columnInt64(col int) int64 {
	switch v := p.row[col]; len(v) {
	case 8:
		return int64(binary.BigEndian.Uint64(v))
	case 4:
		return int64(int32(binary.BigEndian.Uint32(v)))
	case 2:
		return int64(int16(binary.BigEndian.Uint16(v)))
	case 1:
		return int64(v[0])
	}
	return 0
}

func (p *postgresStatement) columnText(col int) string {
	v := string(p.row[col])
	if strings.Contains(v, escapeMark) {
		return unescape(v)
	}
	return v
}

// PostgreSQL takes no octet 0 in a text, and only such as are UTF-8. What phones
// and customers write may be otherwise, and must neither be lost nor refuse
// the commit that it stands in: each such octet is written as a character that
// is none (U+FDD0) and two hexadecimal digits, and so is that character itself.
const escapeMark = "\uFDD0"

// plain tells whether PostgreSQL takes a text as it is.
func plain(v string) bool {
	for i := range len(v) {
		if c := v[i]; c == 0 || c >= utf8.RuneSelf {
			return strings.IndexByte(v, 0) < 0 && utf8.ValidString(v) && !strings.Contains(v, escapeMark)
		}
	}
	return true
}

func escape(v string) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	octet := func(c byte) {
		b.WriteString(escapeMark)
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	for i := 0; i < len(v); {
		r, n := utf8.DecodeRuneInString(v[i:])
		switch {
		case r == utf8.RuneError && n <= 1, v[i] == 0:
			octet(v[i])
			n = 1
		case v[i:i+n] == escapeMark:
			for _, c := range []byte(escapeMark) {
				octet(c)
			}
		default:
			b.WriteString(v[i : i+n])
		}
		i += n
	}
	return b.String()
}

func unescape(v string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(v, escapeMark)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		if len(rest) < 2 {
			b.WriteString(escapeMark) // nobody wrote this
			v = rest
			continue
		}
		c, err := strconv.ParseUint(rest[:2], 16, 8)
		if err != nil {
			b.WriteString(escapeMark)
			v = rest
			continue
		}
		b.WriteByte(byte(c))
		v = rest[2:]
	}
}

func putInt64(b []byte, v int64) { binary.BigEndian.PutUint64(b, uint64(v)) }
