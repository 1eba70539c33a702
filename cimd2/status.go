package cimd2

import "strconv"

// Status is the value of parameter 061: what became of a message.
type Status uint8

// The status codes.
const (
	StatusNone            Status = 0
	StatusInProcess       Status = 1
	StatusExpired         Status = 2
	StatusFailed          Status = 3
	StatusDelivered       Status = 4
	StatusNoResponse      Status = 5
	StatusLastNoResponse  Status = 6
	StatusCancelled       Status = 7
	StatusDeleted         Status = 8
	StatusDeletedByCancel Status = 9
)

var statusNames = [...]string{
	"none", "in process", "validity period expired", "delivery failed", "delivery successful", "no response",
	"last no response", "message cancelled", "message deleted", "message deleted by cancel",
}

// String gives the meaning, or the number of an unknown status.
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return "status " + strconv.Itoa(int(s))
}

// Final reports whether nothing more will happen to the message. After "no response" nobody knows, but the SMSC tries no
// longer.
func (s Status) Final() bool { return s > StatusInProcess }

// Reports is the bit mask of parameter 056: on what the SMSC is to send a status report. 0 has to be sent to get none,
// because an account may have reports by default.
type Reports uint8

// The bits of the status report request.
const (
	ReportTemporary Reports = 1 // a temporary error: the message was not delivered yet
	ReportExpired   Reports = 2
	ReportFailed    Reports = 4
	ReportDelivered Reports = 8
	ReportCancelled Reports = 16
	ReportDeleted   Reports = 32 // by the operator

	ReportsFinal = ReportExpired | ReportFailed | ReportDelivered | ReportCancelled | ReportDeleted
	ReportsAll   = ReportTemporary | ReportsFinal
)

// Wants reports whether the mask asks for a report of a status.
func (r Reports) Wants(s Status) bool {
	switch s {
	case StatusInProcess:
		return r&ReportTemporary != 0
	case StatusExpired:
		return r&ReportExpired != 0
	case StatusFailed, StatusNoResponse, StatusLastNoResponse:
		return r&ReportFailed != 0
	case StatusDelivered:
		return r&ReportDelivered != 0
	case StatusCancelled, StatusDeletedByCancel:
		return r&ReportCancelled != 0
	case StatusDeleted:
		return r&ReportDeleted != 0
	}
	return false
}

// StatusError is the value of parameter 062: why a message was not delivered. 0 is no reason.
type StatusError uint16

// statusErrors gives name and lasting of each status error code. What is temporary is what 3GPP TS 23.040 3.3.2 calls so,
// whose errors these are: the phone is away, full or busy, or the network is. The operator's own (prepaid) follow sense.
var statusErrors = map[StatusError]struct {
	name      string
	temporary bool
}{
	0:   {"no error", false},
	1:   {"unknown subscriber", false},
	9:   {"illegal subscriber", false},
	11:  {"teleservice not provisioned", false},
	13:  {"call barred", true},
	15:  {"CUG reject", false},
	19:  {"no SMS support in MS", true},
	20:  {"error in MS", true},
	21:  {"facility not supported", true},
	22:  {"memory capacity exceeded", true},
	29:  {"absent subscriber", true},
	30:  {"MS busy for MT SMS", true},
	36:  {"network or protocol failure", true},
	44:  {"illegal equipment", false},
	60:  {"no paging response", true},
	61:  {"GMSC congestion", true},
	63:  {"HLR timeout", true},
	64:  {"MSC or SGSN timeout", true},
	70:  {"SMRSE or TCP error", true},
	72:  {"MT congestion", true},
	75:  {"GPRS suspended", true},
	80:  {"no paging response via MSC", true},
	81:  {"IMSI detached", true},
	82:  {"roaming restriction", true},
	83:  {"deregistered in HLR for GSM", true},
	84:  {"purged for GSM", true},
	85:  {"no paging response via SGSN", true},
	86:  {"GPRS detached", true},
	87:  {"deregistered in HLR for GPRS", true},
	88:  {"purged for GPRS", true},
	89:  {"unidentified subscriber via MSC", true},
	90:  {"unidentified subscriber via SGSN", true},
	112: {"originator has no credit", false},
	113: {"destination has no credit", false},
	114: {"error in prepaid system", true},
}

// String gives the meaning, or the number of an unknown code.
func (e StatusError) String() string {
	if i, ok := statusErrors[e]; ok {
		return i.name
	}
	return "status error " + strconv.Itoa(int(e))
}

// Temporary reports whether the same message may be delivered when it is sent again later. Unknown codes are not.
func (e StatusError) Temporary() bool { return statusErrors[e].temporary }
