package connector

import (
	"kurir/message"
	"kurir/smpp"
)

// smppFailures says what each command_status of a submit_sm_resp means for the
// message (SMPP 3.4 5.1.3, SMPP 5.0 4.7.6). Three rules stand behind it:
//
//   - what blames the session or the SMSC and not the message is temporary;
//   - what blames a field of the message says which;
//   - the rest, also the operator's own codes from 0x400, is for good.
//
// ESME_RMSGQFUL is Busy and not Throttled, although some SMSCs answer it when a
// window is exceeded: others mean the queue of one phone, and one phone must
// not slow a link down.
var smppFailures = map[smpp.Status]message.FailureKind{
	smpp.ESME_ROK: message.NoFailure,

	smpp.ESME_RTHROTTLED: message.Throttled,

	smpp.ESME_RINVBNDSTS:     message.Busy, // the session is not what the SMSC thinks it is
	smpp.ESME_RALYBND:        message.Busy,
	smpp.ESME_RSYSERR:        message.Busy,
	smpp.ESME_RBINDFAIL:      message.Busy,
	smpp.ESME_RMSGQFUL:       message.Busy,
	smpp.ESME_RSUBMITFAIL:    message.Busy,
	smpp.ESME_RX_T_APPN:      message.Busy,
	smpp.ESME_RUNKNOWNERR:    message.Busy,
	smpp.ESME_RSERTYPUNAVAIL: message.Busy,

	smpp.ESME_RINVSRCADR:         message.BadSender,
	smpp.ESME_RINVSRCTON:         message.BadSender,
	smpp.ESME_RINVSRCNPI:         message.BadSender,
	smpp.ESME_RINVSRCADDRSUBUNIT: message.BadSender,

	smpp.ESME_RINVDSTADR:         message.BadRecipient,
	smpp.ESME_RINVDSTTON:         message.BadRecipient,
	smpp.ESME_RINVDSTNPI:         message.BadRecipient,
	smpp.ESME_RINVDSTADDRSUBUNIT: message.BadRecipient,
	smpp.ESME_RINVNUMDESTS:       message.BadRecipient,
	smpp.ESME_RINVDLNAME:         message.BadRecipient,
	smpp.ESME_RINVDESTFLAG:       message.BadRecipient,

	smpp.ESME_RINVMSGLEN:   message.BadContent,
	smpp.ESME_RINVDCS:      message.BadContent,
	smpp.ESME_RINVESMCLASS: message.BadContent,
	smpp.ESME_RINVDFTMSGID: message.BadContent,

	smpp.ESME_RINVEXPIRY: message.Refused,
	smpp.ESME_RINVSCHED:  message.Refused,
}

// smppFailureKind returns what a command_status means for a message.
func smppFailureKind(s smpp.Status) message.FailureKind {
	if kind, known := smppFailures[s]; known {
		return kind
	}
	return message.Refused
}

// smppFailure returns the failure that a command_status means, nil for
// ESME_ROK. The code is kept for the trace.
func smppFailure(s smpp.Status) *message.Failure {
	kind := smppFailureKind(s)
	if kind == message.NoFailure {
		return nil
	}
	return &message.Failure{Kind: kind, Code: uint32(s), Text: "the operator answered " + s.Error()}
}
