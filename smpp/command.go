package smpp

import "fmt"

// CommandID names a PDU; bit 31 marks a response (SMPP 3.4 5.1.2.1).
type CommandID uint32

const responseBit CommandID = 0x80000000

// Command ids of SMPP 3.4 5.1.2.1, and the broadcast operations of SMPP 5.0 4.7.5.
const (
	CommandGenericNack           CommandID = 0x80000000
	CommandBindReceiver          CommandID = 0x00000001
	CommandBindTransmitter       CommandID = 0x00000002
	CommandQuerySM               CommandID = 0x00000003
	CommandSubmitSM              CommandID = 0x00000004
	CommandDeliverSM             CommandID = 0x00000005
	CommandUnbind                CommandID = 0x00000006
	CommandReplaceSM             CommandID = 0x00000007
	CommandCancelSM              CommandID = 0x00000008
	CommandBindTransceiver       CommandID = 0x00000009
	CommandOutbind               CommandID = 0x0000000B
	CommandEnquireLink           CommandID = 0x00000015
	CommandSubmitMulti           CommandID = 0x00000021
	CommandAlertNotification     CommandID = 0x00000102
	CommandDataSM                CommandID = 0x00000103
	CommandBroadcastSM           CommandID = 0x00000111
	CommandQueryBroadcastSM      CommandID = 0x00000112
	CommandCancelBroadcastSM     CommandID = 0x00000113
	CommandBindReceiverResp                = CommandBindReceiver | responseBit
	CommandBindTransmitterResp             = CommandBindTransmitter | responseBit
	CommandQuerySMResp                     = CommandQuerySM | responseBit
	CommandSubmitSMResp                    = CommandSubmitSM | responseBit
	CommandDeliverSMResp                   = CommandDeliverSM | responseBit
	CommandUnbindResp                      = CommandUnbind | responseBit
	CommandReplaceSMResp                   = CommandReplaceSM | responseBit
	CommandCancelSMResp                    = CommandCancelSM | responseBit
	CommandBindTransceiverResp             = CommandBindTransceiver | responseBit
	CommandEnquireLinkResp                 = CommandEnquireLink | responseBit
	CommandSubmitMultiResp                 = CommandSubmitMulti | responseBit
	CommandDataSMResp                      = CommandDataSM | responseBit
	CommandBroadcastSMResp                 = CommandBroadcastSM | responseBit
	CommandQueryBroadcastSMResp            = CommandQueryBroadcastSM | responseBit
	CommandCancelBroadcastSMResp           = CommandCancelBroadcastSM | responseBit
)

// commandNames gives the names of requests; a response has "_resp" appended.
var commandNames = map[CommandID]string{
	CommandBindReceiver:      "bind_receiver",
	CommandBindTransmitter:   "bind_transmitter",
	CommandQuerySM:           "query_sm",
	CommandSubmitSM:          "submit_sm",
	CommandDeliverSM:         "deliver_sm",
	CommandUnbind:            "unbind",
	CommandReplaceSM:         "replace_sm",
	CommandCancelSM:          "cancel_sm",
	CommandBindTransceiver:   "bind_transceiver",
	CommandOutbind:           "outbind",
	CommandEnquireLink:       "enquire_link",
	CommandSubmitMulti:       "submit_multi",
	CommandAlertNotification: "alert_notification",
	CommandDataSM:            "data_sm",
	CommandBroadcastSM:       "broadcast_sm",
	CommandQueryBroadcastSM:  "query_broadcast_sm",
	CommandCancelBroadcastSM: "cancel_broadcast_sm",
}

// IsResponse reports whether bit 31 is set; generic_nack is a response.
func (id CommandID) IsResponse() bool { return id&responseBit != 0 }

// Request gives the command that a response answers.
func (id CommandID) Request() CommandID { return id &^ responseBit }

// Response gives the command that answers this request. Requests without a response of their own (outbind,
// alert_notification) are answered by generic_nack, if at all. A response is returned unchanged.
func (id CommandID) Response() CommandID {
	if !id.answered() {
		return CommandGenericNack
	}
	return id | responseBit
}

// answered reports whether a response is defined for the command.
func (id CommandID) answered() bool {
	return id.Request() != CommandOutbind && id.Request() != CommandAlertNotification
}

// isBind reports whether the command is one of the three bind requests.
func (id CommandID) isBind() bool {
	return id == CommandBindReceiver || id == CommandBindTransmitter || id == CommandBindTransceiver
}

// String gives the specification's name, such as "submit_sm_resp", or "command 0x00010203" for one that has none.
func (id CommandID) String() string {
	if id == CommandGenericNack {
		return "generic_nack"
	}
	name, ok := commandNames[id.Request()]
	if !ok || id.IsResponse() && !id.answered() {
		return fmt.Sprintf("command 0x%08X", uint32(id))
	}
	if id.IsResponse() {
		name += "_resp"
	}
	return name
}
