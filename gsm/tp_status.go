package gsm

import "fmt"

// DeliveryStatus is what a [StatusReport] says about a message, TP-ST.
// 3GPP TS 23.040 9.2.3.15.
type DeliveryStatus uint8

// StatusKind is what kind of status it is.
type StatusKind uint8

// The kinds of status.
const (
	StatusDone      StatusKind = iota // the service centre is done with the message, which it has passed on
	StatusTrying                      // a temporary error, and it still tries
	StatusPermanent                   // an error for good
	StatusGaveUp                      // a temporary error, and it tries no more
	StatusUnknown                     // reserved values
)

var statusNames = map[DeliveryStatus]string{
	0x00: "received by the phone",
	0x01: "forwarded to the phone, which did not confirm it",
	0x02: "replaced by the service centre",
	0x20: "congestion",
	0x21: "the phone is busy",
	0x22: "the phone does not answer",
	0x23: "service rejected",
	0x24: "quality of service not available",
	0x25: "error in the phone",
	0x40: "remote procedure error",
	0x41: "incompatible destination",
	0x42: "connection rejected by the phone",
	0x43: "not obtainable",
	0x44: "quality of service not available",
	0x45: "no interworking available",
	0x46: "the validity period is over",
	0x47: "deleted by the sender",
	0x48: "deleted by the service centre",
	0x49: "the message does not exist",
	0x60: "congestion",
	0x61: "the phone is busy",
	0x62: "the phone does not answer",
	0x63: "service rejected",
	0x64: "quality of service not available",
	0x65: "error in the phone",
}

// Kind says of what kind the status is.
func (s DeliveryStatus) Kind() StatusKind {
	switch s >> 5 {
	case 0:
		return StatusDone
	case 1:
		return StatusTrying
	case 2:
		return StatusPermanent
	case 3:
		return StatusGaveUp
	}
	return StatusUnknown
}

// Final says that no other status will follow.
func (s DeliveryStatus) Final() bool { return s.Kind() != StatusTrying }

// String says it in words; of values that only the service centre knows their number.
func (s DeliveryStatus) String() string {
	if name, ok := statusNames[s]; ok {
		return name
	}
	return fmt.Sprintf("status %02X", uint8(s))
}
