package ucp

import "strconv"

// Operation is an operation type (OT).
type Operation uint8

// The operations (EMI/UCP 4.0, chapters 4 to 6). Where nothing else is said they go to the SMSC.
const (
	OpCallInput      Operation = 1  // a message, in either direction
	OpMultipleInput  Operation = 2  // a message to several recipients
	OpSupplementary  Operation = 3  // a message with supplementary services
	OpTransfer       Operation = 30 // a message with the wishes of op 51 that were known first
	OpAlert          Operation = 31 // an SMT is there; used as keep-alive
	OpSubmit         Operation = 51 // a message
	OpDeliver        Operation = 52 // a message from a phone, from the SMSC
	OpNotify         Operation = 53 // what has become of a message, from the SMSC
	OpModify         Operation = 54 // another content for a message that waits
	OpInquire        Operation = 55 // what has become of a message?
	OpDelete         Operation = 56 // takes back a message that waits
	OpInquiryAnswer  Operation = 57 // the answer to 55, from the SMSC
	OpDeletionAnswer Operation = 58 // the answer to 56, from the SMSC
	OpSession        Operation = 60 // login, change of password
	OpList           Operation = 61 // white and black lists
)

// operationNames gives what each operation is called.
var operationNames = [...]string{
	OpCallInput: "call input", OpMultipleInput: "multiple address call input", OpSupplementary: "supplementary services call input",
	OpTransfer: "message transfer", OpAlert: "alert", OpSubmit: "submit", OpDeliver: "deliver", OpNotify: "notify",
	OpModify: "modify", OpInquire: "inquire", OpDelete: "delete", OpInquiryAnswer: "answer to inquiry",
	OpDeletionAnswer: "answer to deletion", OpSession: "session management", OpList: "list management",
}

// Known tells whether this package knows the operation.
func (o Operation) Known() bool { return int(o) < len(operationNames) && operationNames[o] != "" }

// String gives number and name.
func (o Operation) String() string {
	number := "0" + strconv.Itoa(int(o))
	number = number[len(number)-max(2, len(number)-1):]
	if !o.Known() {
		return "op " + number
	}
	return "op " + number + " (" + operationNames[o] + ")"
}

// isMessage tells whether the operation has the 33 fields of a [Message].
func (o Operation) isMessage() bool { return o >= OpSubmit && o <= OpDeletionAnswer }

// hasMVP tells whether positive results of the operation have a modified validity period.
func (o Operation) hasMVP() bool { return o == OpTransfer || o.isMessage() }

// Body is what an operation or a result carries: one of the types of this package, always as a pointer.
type Body interface {
	layout(c *coder)
	carries(o Operation) bool // whether it is the body of this operation
}

// newPDU makes a PDU with an empty body for an operation that is known, both in one allocation.
func newPDU(o Operation, result bool) (*PDU, Body) {
	switch {
	case result:
		x := new(struct {
			p PDU
			b Result
		})
		return &x.p, &x.b
	case o.isMessage():
		x := new(struct {
			p PDU
			b Message
		})
		return &x.p, &x.b
	}
	p := new(PDU)
	switch o {
	case OpCallInput:
		return p, new(CallInput)
	case OpMultipleInput:
		return p, new(MultipleInput)
	case OpSupplementary:
		return p, new(Supplementary)
	case OpTransfer:
		return p, new(Transfer)
	case OpAlert:
		return p, new(Alert)
	case OpSession:
		return p, new(Login)
	case OpList:
		return p, new(List)
	}
	return p, nil
}
