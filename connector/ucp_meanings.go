package connector

import (
	"kurir/message"
	"kurir/ucp"
)

// ucpFailures says what each error code in the answer to a message means (EMI/UCP 7.1). What blames the SMSC or the
// session is temporary; what blames a field says which; the rest is for good.
var ucpFailures = map[ucp.Code]message.FailureKind{
	ucp.CodeChecksum:      message.Busy, // to be sent again
	ucp.CodeNotAllowed:    message.Busy, // before the log-in; many operators mean that it is too much
	ucp.CodeInProgress:    message.Busy,
	ucp.CodeLowNetwork:    message.Busy,
	ucp.CodeNotSuccessful: message.Busy,
	ucp.CodeSystem:        message.Busy,

	ucp.CodeAdC: message.BadRecipient,
	65:          message.BadRecipient, // GAdC invalid
	66:          message.BadRecipient, // restricted to mobile subscribers
	68:          message.BadRecipient, // AdC of the wrong type

	ucp.CodeMessageType:  message.BadContent,
	ucp.CodeTooLong:      message.BadContent,
	26:                   message.BadContent, // message type not valid for the pager
	ucp.CodeCharacterSet: message.BadContent,
}

// ucpReasons says what each reason in a receipt means (EMI/UCP 7.2).
var ucpReasons = map[ucp.Reason]message.FailureKind{
	1: message.Busy, 2: message.Busy, 3: message.Busy, 4: message.Busy, 5: message.Busy, 6: message.Busy, 7: message.Busy,
	8: message.Busy, 10: message.Busy,
	101: message.BadRecipient,
	100: message.Refused, 102: message.Refused, 103: message.Refused, 104: message.Refused, 106: message.Refused,
	105: message.Busy, 107: message.Absent, 109: message.Busy, 113: message.Busy,
	111: message.Refused, 114: message.Refused, 115: message.BadRecipient, 116: message.MemoryFull, 117: message.Refused,
	118: message.Busy, 119: message.Busy, 120: message.Busy, 121: message.Busy, 122: message.Busy, 123: message.Busy,
	124: message.Busy, 125: message.Busy, 126: message.Busy,
	202: message.BadContent, 203: message.BadContent, 204: message.BadContent, 206: message.BadRecipient,
}
