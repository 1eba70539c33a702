package smpp

// maxCongestion is the highest congestion_state: congested (SMPP 5.0 4.8.4.18).
const maxCongestion = 100

// TLVs gives the optional parameters of the PDU, whatever its body; none if it cannot have any.
func (p *PDU) TLVs() TLVs {
	switch b := p.Body.(type) {
	case *SubmitSMResp:
		return b.TLVs
	case *SubmitSM:
		return b.TLVs
	case *DeliverSM:
		return b.TLVs
	case *DeliverSMResp:
		return b.TLVs
	case *DataSM:
		return b.TLVs
	case *DataSMResp:
		return b.TLVs
	case *SubmitMulti:
		return b.TLVs
	case *SubmitMultiResp:
		return b.TLVs
	case *BindResp:
		return b.TLVs
	case *QuerySMResp:
		return b.TLVs
	case *CancelSMResp:
		return b.TLVs
	case *ReplaceSM:
		return b.TLVs
	case *ReplaceSMResp:
		return b.TLVs
	case *AlertNotification:
		return b.TLVs
	case *BroadcastSM:
		return b.TLVs
	case *BroadcastSMResp:
		return b.TLVs
	case *QueryBroadcastSM:
		return b.TLVs
	case *QueryBroadcastSMResp:
		return b.TLVs
	case *CancelBroadcastSM:
		return b.TLVs
	case *CancelBroadcastSMResp:
		return b.TLVs
	}
	return nil
}

// Congestion gives the congestion_state of a response, from 0 (idle) over 80 (the best load) to 100 (congested): how
// busy the peer is, by which the sender becomes slower or faster (SMPP 5.0 4.8.4.18).
func (p *PDU) Congestion() (state uint8, ok bool) { return p.TLVs().U8(TagCongestionState) }

// congested gives the body with which a response can carry congestion_state: its own, or an empty one where a refusal
// has none. ok is false for responses that are a header alone, and for those that say it already.
func congested(command CommandID, body Body) (b Body, ok bool) {
	switch command {
	case CommandEnquireLinkResp, CommandUnbindResp, CommandGenericNack:
		return body, false
	}
	if body != nil {
		p := PDU{Body: body}
		_, said := p.Congestion()
		return body, !said
	}
	b, ok = refusalBodies[command]
	return b, ok
}

// refusalBodies are what a refusal needs as a body to carry congestion_state. They are only ever written.
var refusalBodies = map[CommandID]Body{
	CommandSubmitSMResp:          &SubmitSMResp{},
	CommandSubmitMultiResp:       &SubmitMultiResp{},
	CommandDataSMResp:            &DataSMResp{},
	CommandDeliverSMResp:         &DeliverSMResp{},
	CommandCancelSMResp:          &CancelSMResp{},
	CommandReplaceSMResp:         &ReplaceSMResp{},
	CommandBroadcastSMResp:       &BroadcastSMResp{},
	CommandCancelBroadcastSMResp: &CancelBroadcastSMResp{},
}
