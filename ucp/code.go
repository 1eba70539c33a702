package ucp

import (
	"fmt"
	"strconv"
)

// Code is the error code (EC) of a negative result. It is an error, so that a refusal can be returned as one.
type Code uint8

// The error codes that Kurir itself deals with (EMI/UCP 7.1). 90 to 99 are the operator's own.
const (
	CodeNone           Code = 0 // no error
	CodeChecksum       Code = 1
	CodeSyntax         Code = 2
	CodeNotSupported   Code = 3 // the operation
	CodeNotAllowed     Code = 4 // the operation, or not now
	CodeBarred         Code = 5
	CodeAdC            Code = 6
	CodeAuthentication Code = 7
	CodeDeferred       Code = 18
	CodeTimePeriod     Code = 22
	CodeMessageType    Code = 23
	CodeTooLong        Code = 24
	CodeNotFound       Code = 27
	CodeCharacterSet   Code = 28
	CodeRPIDInUse      Code = 36
	CodeInProgress     Code = 37
	CodeForwarded      Code = 38
	CodeLowNetwork     Code = 50
	CodePartially      Code = 53
	CodeNotSuccessful  Code = 54
	CodeSystem         Code = 55
	CodeUnknown        Code = 99 // a peer has sent 00 as a code
)

// codeNames gives the meaning of each code (EMI/UCP 7.1).
var codeNames = [100]string{
	0: "no error", 1: "checksum error", 2: "syntax error", 3: "operation not supported", 4: "operation not allowed",
	5: "call barring active", 6: "AdC invalid", 7: "authentication failure", 8: "legitimisation code for all calls failure",
	9: "GA not valid", 10: "repetition not allowed", 11: "legitimisation code for repetition failure",
	12: "priority call not allowed", 13: "legitimisation code for priority call failure", 14: "urgent message not allowed",
	15: "legitimisation code for urgent message failure", 16: "reverse charging not allowed",
	17: "legitimisation code for reverse charging failure", 18: "deferred delivery not allowed", 19: "new AC not valid",
	20: "new legitimisation code not valid", 21: "standard text not valid", 22: "time period not valid",
	23: "message type not supported by system", 24: "message too long", 25: "requested standard text not valid",
	26: "message type not valid for the pager type", 27: "message not found in SMSC", 28: "invalid character set",
	30: "subscriber hang-up", 31: "fax group not supported", 32: "fax message type not supported",
	33: "address already in list", 34: "address not in list", 35: "list full", 36: "RPID already in use",
	37: "delivery in progress", 38: "message forwarded", 50: "low network status",
	51: "legitimisation code for standard text failure", 53: "operation partially successful", 54: "operation not successful",
	55: "system error", 57: "AdC already a member of GAdC", 58: "AdC not a member of GAdC", 59: "standard text list invalid",
	61: "not controller of distribution list", 62: "standard text too large", 63: "not owner of the list",
	64: "address list full", 65: "GAdC invalid", 66: "operation restricted to mobile subscribers", 68: "invalid AdC type",
	69: "cannot add AdC to GAdC",
}

// Known tells whether the specification names the code.
func (c Code) Known() bool { return int(c) < len(codeNames) && codeNames[c] != "" }

// String gives the two digits and the meaning.
func (c Code) String() string {
	digits := strconv.Itoa(int(c))
	if c < 10 {
		digits = "0" + digits
	}
	switch {
	case c.Known():
		return digits + " " + codeNames[c]
	case c >= 90:
		return digits + " (the operator's own)"
	}
	return digits
}

// Error is String.
func (c Code) Error() string { return "error " + c.String() }

// ParseCode reads a code as people write it: one or two digits.
func ParseCode(text string) (Code, error) {
	n, err := strconv.ParseUint(text, 10, 8)
	if err != nil || n > 99 {
		return 0, fmt.Errorf("%q is no error code of UCP; write its number, such as 04", text)
	}
	return Code(n), nil
}

// Reason says why a message was not delivered, or not yet (Rsn, EMI/UCP 7.2).
type Reason uint16

// reasonNames gives the meaning of each reason.
var reasonNames = map[Reason]string{
	0: "unknown subscriber", 1: "service temporarily not available", 2: "service temporarily not available",
	3: "service temporarily not available", 4: "service temporarily not available", 5: "service temporarily not available",
	6: "service temporarily not available", 7: "service temporarily not available", 8: "service temporarily not available",
	9: "illegal error code", 10: "network time-out",
	100: "facility not supported", 101: "unknown subscriber", 102: "facility not provided", 103: "call barred",
	104: "operation barred", 105: "SC congestion", 106: "facility not supported", 107: "absent subscriber",
	108: "delivery fail", 109: "SC congestion", 110: "protocol error", 111: "MS not equipped", 112: "unknown SC",
	113: "SC congestion", 114: "illegal MS", 115: "MS not a subscriber", 116: "error in MS",
	117: "SMS lower layer not provisioned", 118: "system fail", 119: "PLMN system failure", 120: "HLR system failure",
	121: "VLR system failure", 122: "previous VLR system failure", 123: "controlling MSC system failure",
	124: "VMSC system failure", 125: "EIR system failure", 126: "system failure", 127: "unexpected data value",
	200: "error in address service centre", 201: "invalid absolute validity period", 202: "short message exceeds maximum",
	203: "unable to unpack GSM message", 204: "unable to convert to IRA alphabet", 205: "invalid validity period format",
	206: "invalid destination address", 207: "duplicate message submit", 208: "invalid message type indicator",
}

// Some of the reasons.
const (
	ReasonUnknownSubscriber Reason = 101
	ReasonAbsentSubscriber  Reason = 107
	ReasonDeliveryFail      Reason = 108
	ReasonErrorInMS         Reason = 116
	ReasonSystemFail        Reason = 118
	ReasonTimeOut           Reason = 10
)

// String gives the three digits and the meaning.
func (r Reason) String() string {
	text := string(r.Append(nil))
	if name, ok := reasonNames[r]; ok {
		return text + " " + name
	}
	return text
}

// Append appends the three digits, as Rsn has them.
func (r Reason) Append(dst []byte) []byte {
	return append(dst, '0'+byte(r/100%10), '0'+byte(r/10%10), '0'+byte(r%10))
}

// Reason reads Rsn; ok is false if there is none or it is no number. With Dst of a delivered message it means nothing:
// 000 is sent there although that is the number of a reason.
func (b *Message) Reason() (r Reason, ok bool) {
	n, ok := number([]byte(b.Rsn))
	if !ok || b.Rsn == "" || len(b.Rsn) > 3 {
		return 0, false
	}
	return Reason(n), true
}
