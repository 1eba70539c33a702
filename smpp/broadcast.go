package smpp

// The broadcast operations of SMPP 5.0: a message for all phones in an area, by cell broadcast. An ESME bound as
// transmitter or transceiver sends them. Where, what and how often stands in TLVs; the text in message_payload.

// BroadcastSM gives the SMSC a message to broadcast (SMPP 5.0 4.4.1.1). broadcast_area_identifier (one for each
// area), broadcast_content_type, broadcast_rep_num and broadcast_frequency_interval must be among the TLVs.
type BroadcastSM struct {
	ServiceType      string // at most 5 characters
	Source           Address
	MessageID        string // of the message to be replaced: at most 64 characters
	Priority         uint8
	ScheduleTime     string // schedule_delivery_time: empty or 16 characters, see ParseTime
	Validity         string // validity_period: likewise
	ReplaceIfPresent uint8
	DataCoding       uint8
	DefaultMsgID     uint8 // sm_default_msg_id
	TLVs             TLVs
}

// Command is broadcast_sm.
func (*BroadcastSM) Command() CommandID { return CommandBroadcastSM }

func (b *BroadcastSM) layout(c *coder) {
	c.cstring("service_type", &b.ServiceType, 6, ESME_RINVSERTYP)
	c.address(fieldSource, &b.Source, 21)
	c.cstring("message_id", &b.MessageID, 65, ESME_RINVMSGID)
	c.u8("priority_flag", &b.Priority)
	c.time("schedule_delivery_time", &b.ScheduleTime, ESME_RINVSCHED)
	c.time("validity_period", &b.Validity, ESME_RINVEXPIRY)
	c.u8("replace_if_present_flag", &b.ReplaceIfPresent)
	c.u8("data_coding", &b.DataCoding)
	c.u8("sm_default_msg_id", &b.DefaultMsgID)
	c.need(b.TLVs, TagBroadcastAreaIdentifier, TagBroadcastContentType, TagBroadcastRepNum, TagBroadcastFrequencyInterval)
	c.tlvs(&b.TLVs)
}

// Message gives the octets of the text.
func (b *BroadcastSM) Message() []byte {
	p, _ := b.TLVs.Get(TagMessagePayload)
	return p
}

// BroadcastSMResp answers broadcast_sm (SMPP 5.0 4.4.1.2).
type BroadcastSMResp struct {
	MessageID string // at most 64 characters
	TLVs      TLVs   // broadcast_error_status and broadcast_area_identifier of areas where it failed
}

// Command is broadcast_sm_resp.
func (*BroadcastSMResp) Command() CommandID { return CommandBroadcastSMResp }
func (b *BroadcastSMResp) layout(c *coder)  { layoutResp(c, &b.MessageID, &b.TLVs) }

// QueryBroadcastSM asks how a broadcast fares, by its id or by user_message_reference (SMPP 5.0 4.6.1.1).
type QueryBroadcastSM struct {
	MessageID string  // at most 64 characters
	Source    Address // must agree with that of the broadcast
	TLVs      TLVs    // user_message_reference
}

// Command is query_broadcast_sm.
func (*QueryBroadcastSM) Command() CommandID { return CommandQueryBroadcastSM }

func (b *QueryBroadcastSM) layout(c *coder) {
	c.cstring("message_id", &b.MessageID, 65, ESME_RINVMSGID)
	c.address(fieldSource, &b.Source, 21)
	c.tlvs(&b.TLVs)
}

// QueryBroadcastSMResp answers query_broadcast_sm (SMPP 5.0 4.6.1.2). message_state, and for each area
// broadcast_area_identifier and broadcast_area_success, must be among the TLVs.
type QueryBroadcastSMResp struct {
	MessageID string
	TLVs      TLVs
}

// Command is query_broadcast_sm_resp.
func (*QueryBroadcastSMResp) Command() CommandID { return CommandQueryBroadcastSMResp }

func (b *QueryBroadcastSMResp) layout(c *coder) {
	c.cstring("message_id", &b.MessageID, 65, ESME_RINVMSGID)
	c.need(b.TLVs, TagMessageState, TagBroadcastAreaIdentifier, TagBroadcastAreaSuccess)
	c.tlvs(&b.TLVs)
}

// CancelBroadcastSM ends a broadcast, or with an empty MessageID all that agree with the other fields (SMPP 5.0 4.6.2.1).
type CancelBroadcastSM struct {
	ServiceType string // at most 5 characters
	MessageID   string // at most 64 characters
	Source      Address
	TLVs        TLVs // broadcast_content_type, user_message_reference
}

// Command is cancel_broadcast_sm.
func (*CancelBroadcastSM) Command() CommandID { return CommandCancelBroadcastSM }

func (b *CancelBroadcastSM) layout(c *coder) {
	c.cstring("service_type", &b.ServiceType, 6, ESME_RINVSERTYP)
	c.cstring("message_id", &b.MessageID, 65, ESME_RINVMSGID)
	c.address(fieldSource, &b.Source, 21)
	c.tlvs(&b.TLVs)
}

// CancelBroadcastSMResp answers cancel_broadcast_sm (SMPP 5.0 4.6.2.3).
type CancelBroadcastSMResp struct{ TLVs TLVs }

// Command is cancel_broadcast_sm_resp.
func (*CancelBroadcastSMResp) Command() CommandID { return CommandCancelBroadcastSMResp }
func (b *CancelBroadcastSMResp) layout(c *coder)  { c.newTLVs(&b.TLVs) }

// isBroadcast reports whether the command is one of the three broadcast requests.
func (id CommandID) isBroadcast() bool {
	return id == CommandBroadcastSM || id == CommandQueryBroadcastSM || id == CommandCancelBroadcastSM
}

// newBroadcastBody is newBody for the broadcast operations.
func newBroadcastBody(id CommandID) Body {
	switch id {
	case CommandBroadcastSM:
		return new(BroadcastSM)
	case CommandBroadcastSMResp:
		return new(BroadcastSMResp)
	case CommandQueryBroadcastSM:
		return new(QueryBroadcastSM)
	case CommandQueryBroadcastSMResp:
		return new(QueryBroadcastSMResp)
	case CommandCancelBroadcastSM:
		return new(CancelBroadcastSM)
	case CommandCancelBroadcastSMResp:
		return new(CancelBroadcastSMResp)
	}
	return nil
}
