package smpp

// Address is a type of number, a numbering plan and the address itself (SMPP 3.4 5.2.5 to 5.2.8).
type Address struct {
	TON, NPI uint8
	Addr     string
}

// Types of number (SMPP 3.4 5.2.5).
const (
	TONUnknown uint8 = iota
	TONInternational
	TONNational
	TONNetwork
	TONSubscriber
	TONAlphanumeric
	TONAbbreviated
)

// Numbering plans in common use (SMPP 3.4 5.2.6).
const (
	NPIUnknown  uint8 = 0
	NPIISDN     uint8 = 1 // E.163, E.164
	NPIData     uint8 = 3
	NPITelex    uint8 = 4
	NPINational uint8 = 8
	NPIPrivate  uint8 = 9
	NPIInternet uint8 = 14
)

// Bits of esm_class (SMPP 3.4 5.2.12).
const (
	ESMModeMask        uint8 = 0x03 // messaging mode, in submit_sm
	ESMDatagram        uint8 = 0x01
	ESMForward         uint8 = 0x02
	ESMStoreForward    uint8 = 0x03
	ESMTypeMask        uint8 = 0x3C // message type
	ESMReceipt         uint8 = 0x04 // delivery receipt of the SMSC
	ESMDeliveryAck     uint8 = 0x08 // acknowledgement by the other end's program
	ESMUserAck         uint8 = 0x10 // acknowledgement by its user
	ESMConversationEnd uint8 = 0x18 // conversation abort (Korean CDMA)
	ESMIntermediate    uint8 = 0x20 // intermediate notification
	ESMUDHI            uint8 = 0x40 // the text starts with a user data header
	ESMReplyPath       uint8 = 0x80
)

// Bits of registered_delivery (SMPP 3.4 5.2.17).
const (
	ReceiptMask         uint8 = 0x03
	ReceiptNone         uint8 = 0x00
	ReceiptFinal        uint8 = 0x01 // on success or failure
	ReceiptFailure      uint8 = 0x02 // on failure only
	ReceiptSuccess      uint8 = 0x03 // on success only (SMPP 5.0)
	ReceiptIntermediate uint8 = 0x10 // intermediate notifications too
)

// IsReceipt reports whether an esm_class is that of an SMSC delivery receipt, whatever its other bits.
func IsReceipt(esmClass uint8) bool { return esmClass&ESMTypeMask == ESMReceipt }

// ShortMessage holds the fields that submit_sm and deliver_sm share (SMPP 3.4 4.4.1, 4.6.1).
type ShortMessage struct {
	ServiceType        string // at most 5 characters
	Source, Dest       Address
	ESMClass           uint8
	ProtocolID         uint8
	Priority           uint8
	ScheduleTime       string // schedule_delivery_time: empty or 16 characters, see ParseTime
	Validity           string // validity_period: likewise
	RegisteredDelivery uint8
	ReplaceIfPresent   uint8
	DataCoding         uint8
	DefaultMsgID       uint8  // sm_default_msg_id
	Text               []byte // short_message: at most 254 octets, user data header included
	TLVs               TLVs
	Private            bool // not of the PDU: traces of our sessions show stars in place of the text
}

func (b *ShortMessage) layout(c *coder) {
	c.cstring("service_type", &b.ServiceType, 6, ESME_RINVSERTYP)
	c.address(fieldSource, &b.Source, 21)
	c.address(fieldDest, &b.Dest, 21)
	c.u8("esm_class", &b.ESMClass)
	c.u8("protocol_id", &b.ProtocolID)
	c.u8("priority_flag", &b.Priority)
	c.time("schedule_delivery_time", &b.ScheduleTime, ESME_RINVSCHED)
	c.time("validity_period", &b.Validity, ESME_RINVEXPIRY)
	c.u8("registered_delivery", &b.RegisteredDelivery)
	c.u8("replace_if_present_flag", &b.ReplaceIfPresent)
	c.u8("data_coding", &b.DataCoding)
	c.u8("sm_default_msg_id", &b.DefaultMsgID)
	c.short(&b.Text)
	if c.mode == modeEncode && len(b.Text) > 0 {
		if p, _ := b.TLVs.Get(TagMessagePayload); len(p) > 0 {
			c.fail("message_payload", ESME_RINVMSGLEN, "short_message must be empty beside it") // SMPP 3.4 5.3.2.32
		}
	}
	c.tlvs(&b.TLVs)
}

// Message returns the octets of the text with its user data header: message_payload if there is one, else
// short_message. A peer that sends both means the payload.
func (b *ShortMessage) Message() []byte {
	if p, ok := b.TLVs.Get(TagMessagePayload); ok && len(p) > 0 {
		return p
	}
	return b.Text
}

// SubmitSM gives the SMSC a message (SMPP 3.4 4.4.1).
type SubmitSM struct{ ShortMessage }

// Command is submit_sm.
func (*SubmitSM) Command() CommandID { return CommandSubmitSM }

// DeliverSM gives the ESME a message or a receipt (SMPP 3.4 4.6.1).
type DeliverSM struct{ ShortMessage }

// Command is deliver_sm.
func (*DeliverSM) Command() CommandID { return CommandDeliverSM }

// SubmitSMResp answers submit_sm (SMPP 3.4 4.4.2).
type SubmitSMResp struct {
	MessageID string // the SMSC's id of the message: at most 64 characters
	TLVs      TLVs   // SMPP 5.0
}

// Command is submit_sm_resp.
func (*SubmitSMResp) Command() CommandID { return CommandSubmitSMResp }
func (b *SubmitSMResp) layout(c *coder)  { layoutResp(c, &b.MessageID, &b.TLVs) }

// DeliverSMResp answers deliver_sm (SMPP 3.4 4.6.2).
type DeliverSMResp struct {
	MessageID string // unused, to be left empty
	TLVs      TLVs   // SMPP 5.0
}

// Command is deliver_sm_resp.
func (*DeliverSMResp) Command() CommandID { return CommandDeliverSMResp }
func (b *DeliverSMResp) layout(c *coder)  { layoutResp(c, &b.MessageID, &b.TLVs) }

// layoutResp is the layout of the responses that carry a message id.
func layoutResp(c *coder, id *string, tlvs *TLVs) {
	c.cstring("message_id", id, 65, ESME_RINVMSGID)
	c.newTLVs(tlvs)
}

// DataSM carries a message in either direction, its text always in message_payload (SMPP 3.4 4.7.1).
type DataSM struct {
	ServiceType        string  // at most 5 characters
	Source, Dest       Address // at most 64 characters each
	ESMClass           uint8
	RegisteredDelivery uint8
	DataCoding         uint8
	TLVs               TLVs
}

// Command is data_sm.
func (*DataSM) Command() CommandID { return CommandDataSM }

func (b *DataSM) layout(c *coder) {
	c.cstring("service_type", &b.ServiceType, 6, ESME_RINVSERTYP)
	c.address(fieldSource, &b.Source, 65)
	c.address(fieldDest, &b.Dest, 65)
	c.u8("esm_class", &b.ESMClass)
	c.u8("registered_delivery", &b.RegisteredDelivery)
	c.u8("data_coding", &b.DataCoding)
	c.tlvs(&b.TLVs)
}

// DataSMResp answers data_sm (SMPP 3.4 4.7.2).
type DataSMResp struct {
	MessageID string // at most 64 characters
	TLVs      TLVs
}

// Command is data_sm_resp.
func (*DataSMResp) Command() CommandID { return CommandDataSMResp }

func (b *DataSMResp) layout(c *coder) {
	c.cstring("message_id", &b.MessageID, 65, ESME_RINVMSGID)
	c.tlvs(&b.TLVs)
}

// AlertNotification tells an ESME that a phone is reachable again; there is no response (SMPP 3.4 4.12).
type AlertNotification struct {
	Source Address // the phone, at most 64 characters
	ESME   Address // at most 64 characters
	TLVs   TLVs    // ms_availability_status
}

// Command is alert_notification.
func (*AlertNotification) Command() CommandID { return CommandAlertNotification }

func (b *AlertNotification) layout(c *coder) {
	c.address(fieldSource, &b.Source, 65)
	c.address(fieldESME, &b.ESME, 65)
	c.tlvs(&b.TLVs)
}
