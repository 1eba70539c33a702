package connector

import (
	"kurir/cimd2"
	"kurir/message"
)

// cimd2Failures says what each error code in the answer to a message means. What blames the SMSC or the session is
// temporary (cimd2.ErrorCode.Temporary); what blames a parameter says which; the rest is for good.
var cimd2Failures = map[cimd2.ErrorCode]message.FailureKind{
	cimd2.ErrCongestion: message.Throttled,

	cimd2.ErrDestination:      message.BadRecipient,
	cimd2.ErrDestinationCount: message.BadRecipient,

	cimd2.ErrOriginator:          message.BadSender,
	cimd2.ErrAlphaOriginator:     message.BadSender,
	cimd2.ErrAlphaOriginatorData: message.BadSender,

	cimd2.ErrUserData:            message.BadContent,
	cimd2.ErrUserDataCombination: message.BadContent,
	cimd2.ErrCoding:              message.BadContent,
}

// cimd2Reasons says what each status error code in a status report means.
var cimd2Reasons = map[cimd2.StatusError]message.FailureKind{
	1: message.BadRecipient, // unknown subscriber
	9: message.Refused, 11: message.Refused, 13: message.Refused, 15: message.Refused, 19: message.Refused, 20: message.Refused,
	21: message.Refused, 44: message.Refused, 82: message.Refused, 112: message.Refused, 113: message.Refused, 114: message.Refused,
	22: message.MemoryFull,
	29: message.Absent, 60: message.Absent, 80: message.Absent, 81: message.Absent, 83: message.Absent, 84: message.Absent,
	85: message.Absent, 86: message.Absent, 87: message.Absent, 88: message.Absent, 89: message.Absent, 90: message.Absent,
	30: message.Busy, 36: message.Busy, 61: message.Busy, 63: message.Busy, 64: message.Busy, 70: message.Busy, 72: message.Busy,
	75: message.Busy,
}

// cimd2States says what each status code means.
var cimd2States = map[cimd2.Status]message.State{
	cimd2.StatusInProcess: message.Enroute, cimd2.StatusExpired: message.Expired, cimd2.StatusFailed: message.Undeliverable,
	cimd2.StatusDelivered: message.Delivered, cimd2.StatusNoResponse: message.Unknown, cimd2.StatusLastNoResponse: message.Unknown,
	cimd2.StatusCancelled: message.Deleted, cimd2.StatusDeleted: message.Deleted, cimd2.StatusDeletedByCancel: message.Deleted,
}
