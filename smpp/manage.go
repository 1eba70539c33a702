package smpp

// QuerySM asks for the state of a message (SMPP 3.4 4.8.1).
type QuerySM struct {
	MessageID string  // at most 64 characters
	Source    Address // must agree with that of the message
}

// Command is query_sm.
func (*QuerySM) Command() CommandID { return CommandQuerySM }

func (b *QuerySM) layout(c *coder) {
	c.cstring("message_id", &b.MessageID, 65, ESME_RINVMSGID)
	c.address(fieldSource, &b.Source, 21)
}

// QuerySMResp answers query_sm (SMPP 3.4 4.8.2).
type QuerySMResp struct {
	MessageID string
	FinalDate string // when the message became final: 16 characters, see ParseTime; empty while it is not
	State     MessageState
	ErrorCode uint8 // of the network
	TLVs      TLVs  // SMPP 5.0: congestion_state
}

// Command is query_sm_resp.
func (*QuerySMResp) Command() CommandID { return CommandQuerySMResp }

func (b *QuerySMResp) layout(c *coder) {
	c.cstring("message_id", &b.MessageID, 65, ESME_RINVMSGID)
	c.time("final_date", &b.FinalDate, ESME_RQUERYFAIL)
	c.u8("message_state", (*uint8)(&b.State))
	c.u8("error_code", &b.ErrorCode)
	c.newTLVs(&b.TLVs)
}

// CancelSM takes back a message, or with an empty MessageID all that agree with the other fields (SMPP 3.4 4.9.1).
type CancelSM struct {
	ServiceType  string // at most 5 characters
	MessageID    string // at most 64 characters
	Source, Dest Address
}

// Command is cancel_sm.
func (*CancelSM) Command() CommandID { return CommandCancelSM }

func (b *CancelSM) layout(c *coder) {
	c.cstring("service_type", &b.ServiceType, 6, ESME_RINVSERTYP)
	c.cstring("message_id", &b.MessageID, 65, ESME_RINVMSGID)
	c.address(fieldSource, &b.Source, 21)
	c.address(fieldDest, &b.Dest, 21)
}

// CancelSMResp answers cancel_sm (SMPP 3.4 4.9.2).
type CancelSMResp struct {
	TLVs TLVs // SMPP 5.0: congestion_state
}

// Command is cancel_sm_resp.
func (*CancelSMResp) Command() CommandID { return CommandCancelSMResp }
func (b *CancelSMResp) layout(c *coder)  { c.newTLVs(&b.TLVs) }

// ReplaceSM replaces the text and times of a message that is still waiting (SMPP 3.4 4.10.1).
type ReplaceSM struct {
	MessageID          string // at most 64 characters
	Source             Address
	ScheduleTime       string
	Validity           string
	RegisteredDelivery uint8
	DefaultMsgID       uint8
	Text               []byte
	TLVs               TLVs // SMPP 5.0: message_payload
	Private            bool // as in ShortMessage
}

// Command is replace_sm.
func (*ReplaceSM) Command() CommandID { return CommandReplaceSM }

func (b *ReplaceSM) layout(c *coder) {
	c.cstring("message_id", &b.MessageID, 65, ESME_RINVMSGID)
	c.address(fieldSource, &b.Source, 21)
	c.time("schedule_delivery_time", &b.ScheduleTime, ESME_RINVSCHED)
	c.time("validity_period", &b.Validity, ESME_RINVEXPIRY)
	c.u8("registered_delivery", &b.RegisteredDelivery)
	c.u8("sm_default_msg_id", &b.DefaultMsgID)
	c.short(&b.Text)
	c.newTLVs(&b.TLVs)
}

// Message is ShortMessage.Message.
func (b *ReplaceSM) Message() []byte {
	if p, ok := b.TLVs.Get(TagMessagePayload); ok && len(p) > 0 {
		return p
	}
	return b.Text
}

// ReplaceSMResp answers replace_sm (SMPP 3.4 4.10.2).
type ReplaceSMResp struct {
	TLVs TLVs // SMPP 5.0: congestion_state
}

// Command is replace_sm_resp.
func (*ReplaceSMResp) Command() CommandID { return CommandReplaceSMResp }
func (b *ReplaceSMResp) layout(c *coder)  { c.newTLVs(&b.TLVs) }
