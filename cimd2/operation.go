package cimd2

import "strconv"

// Operation is the two-digit operation code at the head of a packet. A response has that of its request and 50.
type Operation uint8

// The operations and their responses.
const (
	OpLogin           Operation = 1
	OpLogout          Operation = 2
	OpSubmit          Operation = 3
	OpEnquire         Operation = 4 // enquire message status
	OpDeliveryRequest Operation = 5 // of an application that only fetches messages
	OpCancel          Operation = 6
	OpSet             Operation = 8
	OpGet             Operation = 9
	OpDeliver         Operation = 20 // the SMSC's
	OpStatusReport    Operation = 23 // the SMSC's
	OpAlive           Operation = 40 // of either side

	OpLoginResp           Operation = 51
	OpLogoutResp          Operation = 52
	OpSubmitResp          Operation = 53
	OpEnquireResp         Operation = 54
	OpDeliveryRequestResp Operation = 55
	OpCancelResp          Operation = 56
	OpSetResp             Operation = 58
	OpGetResp             Operation = 59
	OpDeliverResp         Operation = 70
	OpStatusReportResp    Operation = 73
	OpAliveResp           Operation = 90

	OpGeneralError Operation = 98 // the SMSC's; the connection is of no use any more
	OpNack         Operation = 99 // of either side; it has no response and is none
)

const responseOffset = 50

// maxOperation is the highest code that two digits can say.
const maxOperation = 99

// operationNames gives the name of each request, and of what has no response.
var operationNames = [maxOperation + 1]string{
	OpLogin: "login", OpLogout: "logout", OpSubmit: "submit", OpEnquire: "enquire", OpDeliveryRequest: "delivery request",
	OpCancel: "cancel", OpSet: "set", OpGet: "get", OpDeliver: "deliver", OpStatusReport: "status report", OpAlive: "alive",
	OpGeneralError: "general error", OpNack: "nack",
}

// IsResponse reports whether the operation answers another. 98 and 99 do not: they have no request.
func (o Operation) IsResponse() bool { return o >= responseOffset && o < OpGeneralError }

// Request gives the operation that this one answers; itself if it answers none.
func (o Operation) Request() Operation {
	if o.IsResponse() {
		return o - responseOffset
	}
	return o
}

// Response gives the operation that answers this one; itself if it is no request.
func (o Operation) Response() Operation {
	if o < OpGeneralError-responseOffset {
		return o + responseOffset
	}
	return o
}

// Known reports whether the operation is one of this package's list.
func (o Operation) Known() bool { return o <= maxOperation && operationNames[o.Request()] != "" }

// FromSMSC reports whether only the SMSC sends such a request; alive is not among them.
func (o Operation) FromSMSC() bool {
	return o == OpDeliver || o == OpStatusReport || o == OpGeneralError
}

// FromApplication reports whether only the application sends such a request; alive is not among them.
func (o Operation) FromApplication() bool { return o >= OpLogin && o <= OpGet && o.Known() }

// String gives the name, such as "submit" and "submit response", or the code of an unknown operation.
func (o Operation) String() string {
	if !o.Known() {
		return "operation " + strconv.Itoa(int(o))
	}
	if o.IsResponse() {
		return operationNames[o.Request()] + " response"
	}
	return operationNames[o]
}
