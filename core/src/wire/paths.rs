//! Where each call goes.

/// Enrols a device.
pub const DEVICES: &str = "/v1/devices";
/// Offers changes.
pub const PUSH: &str = "/v1/sync/push";
/// Asks for the next page.
pub const PULL: &str = "/v1/sync/pull";
/// Server-sent events: "there is news".
pub const LIVE: &str = "/v1/sync/live";
/// Says what was purged.
pub const RECEIPTS: &str = "/v1/sync/receipts";
/// A device's sync health.
pub const BEACON: &str = "/v1/beacon";
/// Access in an emergency.
pub const BREAK_GLASS: &str = "/v1/access/break-glass";

/// Media type of every body.
pub const MEDIA_TYPE: &str = "application/cbor";
/// Header that names the protocol version on both ways.
pub const PROTOCOL_HEADER: &str = "homeround-protocol";

/// The bytes of attachments, after the tus 1.0 protocol.
pub const ATTACHMENTS: &str = "/v1/attachments";
/// Header that names the device of a call about an attachment.
pub const DEVICE_HEADER: &str = "homeround-device";
