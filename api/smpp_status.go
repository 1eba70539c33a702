package api

import (
	"kurir/message"
	"kurir/smpp"
)

// smppStatuses says by which command_status a customer learns why a message
// was not accepted (SMPP 3.4 5.1.3). What will pass later without being
// changed is told by one of the three that every ESME treats as temporary:
// ESME_RTHROTTLED (slow down), ESME_RMSGQFUL (we cannot store it now) and
// ESME_RSYSERR; many take ESME_RSUBMITFAIL for temporary too, so it says nothing.
var smppStatuses = [...]smpp.Status{
	message.NoFailure:    smpp.ESME_ROK,
	message.Throttled:    smpp.ESME_RTHROTTLED,
	message.Busy:         smpp.ESME_RSYSERR,
	message.LinkDown:     smpp.ESME_RSYSERR,
	message.NoAnswer:     smpp.ESME_RSYSERR,
	message.Absent:       smpp.ESME_RSYSERR,
	message.MemoryFull:   smpp.ESME_RSYSERR,
	message.Refused:      smpp.ESME_RX_R_APPN,
	message.BadRecipient: smpp.ESME_RINVDSTADR,
	message.BadSender:    smpp.ESME_RINVSRCADR,
	message.BadContent:   smpp.ESME_RINVMSGLEN,
	message.NotPermitted: smpp.ESME_RX_R_APPN,
	message.NoRoute:      smpp.ESME_RINVDSTADR,
	message.StoreFull:    smpp.ESME_RMSGQFUL,
	message.Overloaded:   smpp.ESME_RTHROTTLED,
	message.TooOld:       smpp.ESME_RINVEXPIRY,
	message.Withheld:     smpp.ESME_RX_R_APPN,
	message.Stopping:     smpp.ESME_RSYSERR,
	message.NoMoney:      smpp.ESME_RX_P_APPN, // no version has one of its own for it
	message.NoPrice:      smpp.ESME_RINVDSTADR,
	message.Loop:         smpp.ESME_RX_P_APPN,
	message.LimitReached: smpp.ESME_RTHROTTLED,
	message.Blocked:      smpp.ESME_RX_R_APPN,
	message.OptedOut:     smpp.ESME_RX_R_APPN,
	message.NotOpened:    smpp.ESME_RINVDSTADR,
	message.Repeated:     smpp.ESME_RX_R_APPN,
	message.BadDimension: smpp.ESME_RINVSERTYP, // the nearest that every version has
}

// smppFieldStatuses says which command_status a permanent failure has when it
// blames a field of the request by the name that the API has for it.
var smppFieldStatuses = map[string]smpp.Status{
	"to":        smpp.ESME_RINVDSTADR,
	"from":      smpp.ESME_RINVSRCADR,
	"validity":  smpp.ESME_RINVEXPIRY,
	"send_at":   smpp.ESME_RINVSCHED,
	"priority":  smpp.ESME_RINVPRTFLG,
	"text":      smpp.ESME_RINVMSGLEN,
	"encoding":  smpp.ESME_RINVDCS, // it came with SMPP 5.0, but every ESME takes it for permanent
	"reference": smpp.ESME_RX_R_APPN,
	"header":    smpp.ESME_RINVESMCLASS,
	"udh":       smpp.ESME_RINVESMCLASS,
	"tag":       smpp.ESME_RINVOPTPARAMVAL, // ESME_RINVTLVVAL of SMPP 5.0, the same number
	"dialog":    smpp.ESME_RINVOPTPARAMVAL,
}

// faultless are the kinds that blame a field in which nothing is wrong.
var faultless = map[message.FailureKind]bool{message.OptedOut: true, message.Repeated: true}

// smppStatus returns the command_status for a failure, ESME_ROK for nil.
func smppStatus(f *message.Failure) smpp.Status {
	if f == nil {
		return smpp.ESME_ROK
	}
	if status, known := smppFieldStatuses[f.Field]; known && !f.Kind.Temporary() && !faultless[f.Kind] {
		return status
	}
	if int(f.Kind) < len(smppStatuses) {
		return smppStatuses[f.Kind]
	}
	return smpp.ESME_RSYSERR
}
