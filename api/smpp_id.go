package api

import (
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"kurir/account"
	"kurir/message"
)

// smppIDForm is how a session shows and reads message_id:
//
//	text      13 characters, as over every other interface
//	decimal   the same number in decimal digits
//	hex       likewise in hexadecimal ones
//	alias     for SMPP 3.3, whose ids have at most eight hexadecimal digits
//	          (SMPP 3.3 6.2.4.2): a number of 32 bits, in hexadecimal in responses
//	          and requests, in ten decimal digits in the text of receipts, as
//	          3.3 clients expect
//
// What a customer sends is read in any of these, known apart by their lengths.
type smppIDForm uint8

const (
	smppIDText smppIDForm = iota
	smppIDDecimal
	smppIDHex
	smppIDAlias
)

// smppFormOf returns the form of a new session.
func smppFormOf(a *account.Account, tlvs bool) smppIDForm {
	switch a.SMPP.MessageIDs {
	case account.IDsDecimal:
		return smppIDDecimal
	case account.IDsHex:
		return smppIDHex
	case "":
		if !tlvs {
			return smppIDAlias
		}
	}
	return smppIDText
}

// append appends the id of a message as a response has it. reference is that
// of the message, which holds the alias.
func (f smppIDForm) append(dst []byte, id message.ID, reference string) []byte {
	switch f {
	case smppIDDecimal:
		return strconv.AppendInt(dst, int64(id), 10)
	case smppIDHex:
		return strconv.AppendInt(dst, int64(id), 16)
	case smppIDAlias:
		if n, ok := smppAliasOf(reference); ok {
			return append(dst, smppAliasHex(n)...)
		}
	}
	return id.Append(dst)
}

// An alias is kept as the reference of its message, by which messages can be
// looked up: SMPP 3.3 has no parameter for a reference of the customer's.
const (
	smppAliasPrefix = "id:"
	smppAliasDigits = 8
	// smppAliasLife is how long an alias names its message only: 2^32 ms are
	// 49.7 days, longer than any validity (30 days) and the wait for a receipt.
	smppAliasLife = 49 * 24 * time.Hour
)

// smppAliases makes aliases: the milliseconds of the clock, or one more than
// the last. They do not come again for 49 days, also not after a restart, as
// long as no more than a thousand a second are needed.
type smppAliases struct{ last atomic.Int64 }

func (a *smppAliases) next(now time.Time) string {
	for {
		last := a.last.Load()
		n := max(last+1, now.UnixMilli())
		if uint32(n) == 0 {
			n++ // no id at all, to many
		}
		if a.last.CompareAndSwap(last, n) {
			return smppAliasReference(uint32(n))
		}
	}
}

func smppAliasHex(n uint32) string { return strings.ToUpper(strconv.FormatUint(uint64(n), 16)) }

// smppAliasReference returns the reference that holds an alias.
func smppAliasReference(n uint32) string {
	digits := smppAliasHex(n)
	return smppAliasPrefix + strings.Repeat("0", smppAliasDigits-len(digits)) + digits
}

// smppAliasOf reads the alias from a reference.
func smppAliasOf(reference string) (uint32, bool) {
	digits, ok := strings.CutPrefix(reference, smppAliasPrefix)
	if !ok || len(digits) != smppAliasDigits {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 16, 32)
	return uint32(n), err == nil
}

// smppParseID reads a message_id in any form: an id, or the reference that
// holds an alias. Ids of ours have 17 to 19 decimal digits or 14 to 16
// hexadecimal ones, aliases at most eight hexadecimal or ten decimal ones.
func smppParseID(text string) (id message.ID, alias string, ok bool) {
	base, bits := 16, 63
	switch n := len(text); {
	case n == 0:
		return 0, "", false
	case n == smppIDLength:
		id, err := message.ParseID(text)
		return id, "", err == nil
	case n <= smppAliasDigits:
		bits = 32
	case n <= 10:
		base, bits = 10, 32
	case n > 16:
		base = 10
	}
	v, err := strconv.ParseUint(text, base, bits)
	switch {
	case err != nil || text[0] == '+':
		return 0, "", false
	case bits == 32:
		return 0, smppAliasReference(uint32(v)), true
	}
	return message.ID(v), "", true
}
