package modem

import (
	"errors"
	"fmt"
	"strings"
)

// ErrorKind says what an error code of a modem means for the message or the
// modem.
type ErrorKind uint8

// The kinds of errors.
const (
	KindOther     ErrorKind = iota // nothing is known about it
	KindTemporary                  // the network cannot take the message now
	KindBusy                       // congestion: try later and slower
	KindRefused                    // the network refuses it for good: barred, not subscribed
	KindRecipient                  // there is no such number
	KindContent                    // the message is at fault: its coding, length or form
	KindModem                      // modem or SIM do not work, or are not ready
	KindStorage                    // the storage for messages is full or broken
	KindCommand                    // the modem does not know the command, or not now
)

var kindNames = [...]string{"other", "temporary", "busy", "refused", "recipient", "content", "modem", "storage", "command"}

// String gives the word for the kind.
func (k ErrorKind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Temporary says whether the same may succeed later.
func (k ErrorKind) Temporary() bool {
	return k == KindTemporary || k == KindBusy || k == KindModem || k == KindStorage
}

// Family says whose number a code is.
type Family uint8

// The families of final results.
const (
	FamilyPlain Family = iota // ERROR and the like, without a number
	FamilyCMS                 // +CMS ERROR: of the network and of messages. 3GPP TS 27.005 3.2.5
	FamilyCME                 // +CME ERROR: of the modem. 3GPP TS 27.007 9.2
)

// Error is a final result of a modem that is not OK.
type Error struct {
	Family Family
	Code   int    // of FamilyCMS and FamilyCME
	Word   string // of FamilyPlain: ERROR; of others what the modem wrote instead of a number
}

// Error says it in words, with the code.
func (e *Error) Error() string {
	switch name := e.name(); {
	case e.Family == FamilyPlain:
		return "the modem answers " + e.Word
	case name == "":
		return fmt.Sprintf("the modem answers %s error %d", e.family(), e.Code)
	default:
		return fmt.Sprintf("the modem answers %s error %d: %s", e.family(), e.Code, name)
	}
}

func (e *Error) family() string {
	if e.Family == FamilyCME {
		return "CME"
	}
	return "CMS"
}

func (e *Error) row() errorRow {
	switch e.Family {
	case FamilyCMS:
		return cmsErrors[e.Code]
	case FamilyCME:
		return cmeErrors[e.Code]
	}
	return errorRow{}
}

func (e *Error) name() string {
	if e.Word != "" {
		return e.Word
	}
	return e.row().name
}

// Kind says what the error means.
func (e *Error) Kind() ErrorKind {
	if e.Family == FamilyPlain {
		return KindCommand
	}
	return e.row().kind
}

// is says whether an error is one of these codes of a family.
func isCode(err error, family Family, codes ...int) bool {
	var e *Error
	if !errors.As(err, &e) || e.Family != family {
		return false
	}
	for _, c := range codes {
		if e.Code == c {
			return true
		}
	}
	return false
}

// simBusy says that the SIM is not ready yet, so that waiting helps.
func simBusy(err error) bool {
	return isCode(err, FamilyCMS, 314) || isCode(err, FamilyCME, 14)
}

// refused says that the modem has answered, if not OK.
func refused(err error) bool {
	var e *Error
	return errors.As(err, &e)
}

// finalResult reads a line that ends the answer to a command: nil for OK.
// 3GPP TS 27.007 4.1, ITU-T V.250 5.7.1, and what some makers write.
func finalResult(line string) (err error, final bool) {
	switch line {
	case "OK":
		return nil, true
	case "ERROR", "COMMAND NOT SUPPORT", "TOO MANY PARAMETERS": // NO CARRIER and its like end calls, of which we make none
		return &Error{Word: line}, true
	}
	for prefix, family := range map[string]Family{"+CMS ERROR:": FamilyCMS, "+CME ERROR:": FamilyCME} {
		if rest, ok := strings.CutPrefix(line, prefix); ok {
			return codedError(family, strings.TrimSpace(rest)), true
		}
	}
	return nil, false
}

// codedError reads what stands behind +CMS ERROR: a number, or with AT+CMEE=2 words.
func codedError(family Family, rest string) *Error {
	if n, ok := number(rest); ok {
		return &Error{Family: family, Code: n}
	}
	table, other := cmsErrors, 500
	if family == FamilyCME {
		table, other = cmeErrors, 100
	}
	for code, row := range table {
		if strings.EqualFold(row.name, rest) {
			return &Error{Family: family, Code: code}
		}
	}
	return &Error{Family: family, Code: other, Word: rest}
}
