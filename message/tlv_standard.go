package message

import "slices"

// standardTLV is a parameter of the specification that goes with a message.
type standardTLV struct {
	name string
	tag  uint16
	kind string
	most int
}

// standardTLVs are the parameters that may stand in submit_sm, data_sm and
// deliver_sm, without those that Kurir sets itself (SMPP 3.4 5.3.2, SMPP 5.0
// 4.8.4).
var standardTLVs = []standardTLV{
	{"dest_addr_subunit", 0x0005, "uint8", 1},
	{"dest_network_type", 0x0006, "uint8", 1},
	{"dest_bearer_type", 0x0007, "uint8", 1},
	{"dest_telematics_id", 0x0008, "uint16", 2},
	{"source_addr_subunit", 0x000D, "uint8", 1},
	{"source_network_type", 0x000E, "uint8", 1},
	{"source_bearer_type", 0x000F, "uint8", 1},
	{"source_telematics_id", 0x0010, "uint8", 1},
	{"qos_time_to_live", 0x0017, "uint32", 4},
	{"payload_type", 0x0019, "uint8", 1},
	{"additional_status_info_text", 0x001D, "cstring", 255},
	{"ms_msg_wait_facilities", 0x0030, "uint8", 1},
	{"privacy_indicator", 0x0201, "uint8", 1},
	{"source_subaddress", 0x0202, "octets", 23},
	{"dest_subaddress", 0x0203, "octets", 23},
	{"user_message_reference", 0x0204, "uint16", 2},
	{"user_response_code", 0x0205, "uint8", 1},
	{"source_port", 0x020A, "uint16", 2},
	{"destination_port", 0x020B, "uint16", 2},
	{"language_indicator", 0x020D, "uint8", 1},
	{"callback_num_pres_ind", 0x0302, "uint8", 1},
	{"callback_num_atag", 0x0303, "octets", 65},
	{"number_of_messages", 0x0304, "uint8", 1},
	{"callback_num", 0x0381, "octets", 19},
	{"set_dpf", 0x0421, "uint8", 1},
	{"more_messages_to_send", 0x0426, "uint8", 1},
	{"ussd_service_op", 0x0501, "uint8", 1},
	{"billing_identification", 0x060B, "octets", 1024},
	{"source_network_id", 0x060D, "cstring", 64},
	{"dest_network_id", 0x060E, "cstring", 64},
	{"source_node_id", 0x060F, "octets", 6},
	{"dest_node_id", 0x0610, "octets", 6},
	{"dest_addr_np_resolution", 0x0611, "uint8", 1},
	{"dest_addr_np_information", 0x0612, "octets", 10},
	{"dest_addr_np_country", 0x0613, "octets", 5},
	{"display_time", 0x1201, "uint8", 1},
	{"sms_signal", 0x1203, "uint16", 2},
	{"ms_validity", 0x1204, "octets", 4},
	{"alert_on_message_delivery", 0x130C, "octets", 1},
	{"its_reply_type", 0x1380, "uint8", 1},
	{"its_session_info", 0x1383, "octets", 2},
}

// ownTags are those by which Kurir itself says what it has to: how a text is
// cut and where it stands, and what became of a message.
var ownTags = []uint16{
	0x001E, 0x020C, 0x020E, 0x020F, 0x0210, 0x0420, 0x0422, 0x0423, 0x0424, 0x0425, 0x0427, 0x0428,
}

// ownTag tells whether a parameter is not for customers to give.
func ownTag(tag uint16) bool { return slices.Contains(ownTags, tag) }

// GoesAlong tells whether a parameter may go along with a message from one side
// to the other: all but those that Kurir reads and writes itself.
func GoesAlong(tag uint16) bool { return !ownTag(tag) }
