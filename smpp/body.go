package smpp

// newBody makes an empty body for a command, and room for some TLVs in the same allocation where they are usual. It
// returns nil for a command without a layout.
func newBody(id CommandID) (Body, []TLV) {
	switch id {
	case CommandSubmitSM:
		b := new(struct {
			SubmitSM
			space [3]TLV
		})
		return &b.SubmitSM, b.space[:]
	case CommandDeliverSM:
		b := new(struct {
			DeliverSM
			space [3]TLV
		})
		return &b.DeliverSM, b.space[:]
	case CommandDataSM:
		b := new(struct {
			DataSM
			space [3]TLV
		})
		return &b.DataSM, b.space[:]
	case CommandSubmitSMResp:
		return new(SubmitSMResp), nil
	case CommandDeliverSMResp:
		return new(DeliverSMResp), nil
	case CommandDataSMResp:
		return new(DataSMResp), nil
	case CommandBindReceiver, CommandBindTransmitter, CommandBindTransceiver:
		return &Bind{Mode: modeOf(id)}, nil
	case CommandBindReceiverResp, CommandBindTransmitterResp, CommandBindTransceiverResp:
		return &BindResp{Mode: modeOf(id.Request())}, nil
	}
	return newRareBody(id), nil
}

// newRareBody is newBody for the commands that are not sent often.
func newRareBody(id CommandID) Body {
	switch id {
	case CommandOutbind:
		return new(Outbind)
	case CommandAlertNotification:
		return new(AlertNotification)
	case CommandSubmitMulti:
		return new(SubmitMulti)
	case CommandSubmitMultiResp:
		return new(SubmitMultiResp)
	case CommandQuerySM:
		return new(QuerySM)
	case CommandQuerySMResp:
		return new(QuerySMResp)
	case CommandCancelSM:
		return new(CancelSM)
	case CommandReplaceSM:
		return new(ReplaceSM)
	case CommandCancelSMResp:
		return new(CancelSMResp)
	case CommandReplaceSMResp:
		return new(ReplaceSMResp)
	}
	if b := newBroadcastBody(id); b != nil {
		return b
	}
	return emptyBodies[id]
}

// emptyBodies are written when a PDU has no Body. Those without fields are also what Decode gives: they can be
// shared because there is nothing in them to change.
var emptyBodies = map[CommandID]Body{
	CommandUnbind:          &Unbind{},
	CommandUnbindResp:      &UnbindResp{},
	CommandEnquireLink:     &EnquireLink{},
	CommandEnquireLinkResp: &EnquireLinkResp{},
	CommandGenericNack:     &GenericNack{},
	CommandCancelSMResp:    &CancelSMResp{},
	CommandReplaceSMResp:   &ReplaceSMResp{},
	CommandDeliverSMResp:   &DeliverSMResp{},
	CommandDataSMResp:      &DataSMResp{},

	CommandCancelBroadcastSMResp: &CancelBroadcastSMResp{},
}

// fieldless reports whether the body has no fields.
func fieldless(b Body) bool {
	switch b.(type) {
	case *EnquireLink, *EnquireLinkResp, *Unbind, *UnbindResp, *GenericNack:
		return true
	}
	return false
}
