package ladder

import "cordon/internal/record"

// levers name, for each action, the 3GPP service operation and the field that
// carry it out (OpenAPI V19.6.0 of TS 29.503, 29.507, 29.512, 29.564; timers as
// in TS 24.501). No 3GPP interface has an operation "isolate".
var levers = [...]string{
	record.ActionObserve:     "Nupf_EventExposure_Subscribe: repPeriod, sampRatio",
	record.ActionNotifyOwner: "Nnef_AnalyticsExposure_Notify: ABNORMAL_BEHAVIOUR",
	record.ActionRateLimit:   "Npcf_SMPolicyControl_UpdateNotify: sessRules.authSessAmbr",
	record.ActionBlockDestination: "Npcf_SMPolicyControl_UpdateNotify: pccRules.flowInfos, " +
		"traffContDecs.flowStatus=DISABLED",
	record.ActionSignallingBackoff: "AMF: 5GMM cause #22 with T3346; Nudm am-data serviceGapTime",
	record.ActionQuarantineDNN:     "Npcf_AMPolicyControl_UpdateNotify: smfSelInfo.candidates",
	record.ActionReleaseSession:    "Npcf_SMPolicyControl terminate: cause=UNSPECIFIED, with back-off T3396",
	record.ActionDeregister: "Nudm_UECM_DeregistrationNotification: " +
		"deregReason=OPERATOR_DETERMINED_BARRING",
	record.ActionBar: "Nudm am-data: odbPacketServices=ALL_PACKET_SERVICES",
}

// Lever returns the operation and field that carry out an action, for the
// policy system and whoever reads the audit; empty where there is none.
func Lever(a record.Action) string {
	if int(a) >= len(levers) {
		return ""
	}
	return levers[a]
}
