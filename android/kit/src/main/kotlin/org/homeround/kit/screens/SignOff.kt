package org.homeround.kit.screens

import org.homeround.core.Drawing
import org.homeround.core.EntryId
import org.homeround.core.GivenSignature
import org.homeround.core.InkPoint
import org.homeround.core.NewSignature
import org.homeround.core.NotSignedReason
import org.homeround.core.Relation
import org.homeround.core.SignOff
import org.homeround.core.Signer
import org.homeround.core.VisitStatus
import kotlin.math.roundToLong

/** Who signs, as a person chooses it. */
enum class SignerKind { PATIENT, REPRESENTATIVE, CLINICIAN }

/** How somebody signs: the pad needs a hand and eyes, the others do not. */
enum class SignWay { HAND, TYPED, NONE }

/** Relations that a person can choose. */
val RELATIONS: List<Relation> = Relation.entries - Relation.UNKNOWN

/** Reasons that a person can choose. */
val NOT_SIGNED_REASONS: List<NotSignedReason> = NotSignedReason.entries - NotSignedReason.UNKNOWN

fun words(kind: SignerKind): Words = Words("signer_${kind.name.lowercase()}")

fun words(way: SignWay): Words = Words("sign_way_${way.name.lowercase()}")

fun words(relation: Relation): Words = Words("relation_${relation.name.lowercase()}")

fun words(reason: NotSignedReason): Words = Words("not_signed_${reason.name.lowercase()}")

/** A signature while it is taken. */
data class SignOffForm(
    val kind: SignerKind = SignerKind.PATIENT,
    val name: String = "",
    val relation: Relation? = null,
    val way: SignWay = SignWay.HAND,
    val typed: String = "",
    val reason: NotSignedReason? = null,
    val comment: String = "",
) {
    /** Who takes the signature either signs or does not ask. */
    val ways: List<SignWay> get() = if (kind == SignerKind.CLINICIAN) SignWay.entries - SignWay.NONE else SignWay.entries

    fun of(kind: SignerKind): SignOffForm = copy(kind = kind).let { if (it.way in it.ways) it else it.copy(way = SignWay.HAND) }

    /** Whether all is said that is needed. [drawn]: whether there is something on the pad. */
    fun ready(drawn: Boolean): Boolean {
        val who = kind != SignerKind.REPRESENTATIVE || (name.isNotBlank() && relation != null)
        val what = when (way) {
            SignWay.HAND -> drawn
            SignWay.TYPED -> typed.isNotBlank()
            SignWay.NONE -> reason != null && (reason != NotSignedReason.OTHER || comment.isNotBlank())
        }
        return who && what
    }

    internal fun signer(): Signer = when (kind) {
        SignerKind.PATIENT -> Signer.Patient
        SignerKind.REPRESENTATIVE -> Signer.Representative(name, relation ?: Relation.OTHER)
        SignerKind.CLINICIAN -> Signer.Clinician
    }

    internal fun given(drawing: Drawing?): NewSignature? = when (way) {
        SignWay.HAND -> drawing?.let { NewSignature.Drawn(it) }
        SignWay.TYPED -> NewSignature.Typed(typed)
        SignWay.NONE -> reason?.let { NewSignature.NotSigned(it, comment.ifBlank { null }) }
    }
}

/** A signature by hand, or why there is none, as a line. */
data class SignOffRow(
    val id: EntryId,
    val signer: Words,
    /** A representative's name. */
    val name: String?,
    val relation: Words?,
    /** Signed by hand or by name, or why not. */
    val given: Words,
    val drawing: Drawing?,
    val comment: String?,
    /** Who took it, and when. */
    val taken: Words,
    /** What was changed after it: its signer was not shown that. */
    val changed: List<Words>,
    /** That it was taken back: by whom, when and why. */
    val wrong: Words?,
)

internal fun signOffRow(one: SignOff, formats: Formats, zone: String): SignOffRow {
    val signer = one.signer
    val given = one.given
    val representative = signer as? Signer.Representative
    return SignOffRow(
        one.id,
        Words(
            when (signer) {
                is Signer.Patient -> "signer_patient"
                is Signer.Representative -> "signer_representative"
                is Signer.Clinician -> "signer_clinician_other"
                is Signer.Unknown -> "signer_unknown"
            },
        ),
        representative?.name, representative?.let { words(it.relation) },
        when (given) {
            is GivenSignature.Drawn -> Words(if (given.drawing == null) "sign_off_unreadable" else "sign_off_drawn")
            is GivenSignature.Typed -> Words("sign_off_typed_as", given.text)
            is GivenSignature.NotSigned -> words(given.reason)
            is GivenSignature.Unknown -> Words("sign_off_unknown")
        },
        (given as? GivenSignature.Drawn)?.drawing, (given as? GivenSignature.NotSigned)?.comment,
        Words("sign_off_taken", one.by.name, formats.moment(one.atMs, zone)),
        one.changed.map(::fieldWords).distinct(),
        one.corrected?.let { Words("sign_off_taken_back", it.by.name, formats.moment(it.atMs, zone), it.reason) },
    )
}

private val NOT_BEGUN = setOf(VisitStatus.SCHEDULED, VisitStatus.TRAVELING)

/** Nobody signs for a visit that has not begun. */
internal fun maySignOff(status: VisitStatus): Boolean = status !in NOT_BEGUN

/**
 * What is drawn on a pad of this size, micrometres, before it is stored. Points off the pad are put on its edge, and what
 * goes beyond the limits of the core is left out: [full] says so.
 */
class SignaturePad(val widthUm: Int, val heightUm: Int) {
    private val drawn = mutableListOf<MutableList<InkPoint>>()
    private var beganMs: Long? = null
    private var lastMs = 0L
    private var points = 0
    private var down = false

    /** Every line so far, in the order of drawing. */
    val strokes: List<List<InkPoint>> get() = drawn

    /** Nothing but touches by accident: what reaches less far than 2 mm. */
    val empty: Boolean
        get() {
            val all = drawn.flatten()
            val width = all.maxOfOrNull { it.xUm }?.minus(all.minOf { it.xUm }) ?: 0u
            val height = all.maxOfOrNull { it.yUm }?.minus(all.minOf { it.yUm }) ?: 0u
            return maxOf(width, height) < EXTENT_MIN_UM
        }

    /** Whether more can't be kept. */
    val full: Boolean get() = points >= POINTS_MAX || (drawn.size >= STROKES_MAX && !down)

    /** The pen comes down. [atMs]: a clock that only goes forward; [pressure]: 0 to 1, if the screen measures it. */
    fun begin(xUm: Double, yUm: Double, atMs: Long, pressure: Float? = null) {
        if (full) return
        down = true
        if (beganMs == null) beganMs = atMs
        drawn += mutableListOf<InkPoint>()
        add(xUm, yUm, atMs, pressure)
    }

    /** The pen goes on. */
    fun move(xUm: Double, yUm: Double, atMs: Long, pressure: Float? = null) {
        if (down && points < POINTS_MAX) add(xUm, yUm, atMs, pressure)
    }

    /** The pen goes up. */
    fun end() {
        down = false
    }

    /** Takes the last stroke back. */
    fun undo() {
        down = false
        drawn.removeLastOrNull()?.let { points -= it.size }
        if (drawn.isEmpty()) clear()
    }

    /** Begins anew. */
    fun clear() {
        drawn.clear()
        points = 0
        beganMs = null
        lastMs = 0
        down = false
    }

    /** What is stored; none while the pad is empty. */
    fun drawing(): Drawing? = if (empty) null else Drawing(widthUm.toUInt(), heightUm.toUInt(), drawn.map { it.toList() })

    private fun add(xUm: Double, yUm: Double, atMs: Long, pressure: Float?) {
        // Never back, whatever the clock does, and never beyond an hour.
        lastMs = (atMs - (beganMs ?: atMs)).coerceIn(lastMs, MS_MAX)
        val pressed = pressure?.let { (it.coerceIn(0f, 1f) * 255).toInt().toUByte() }
        drawn.last() += InkPoint(on(xUm, widthUm), on(yUm, heightUm), lastMs.toUInt(), pressed)
        points += 1
    }

    private fun on(um: Double, side: Int): UInt = um.coerceIn(0.0, side.toDouble()).roundToLong().toUInt()

    companion object {
        /** Micrometres of a density-independent pixel: 1/160 inch. */
        const val UM_PER_DP: Double = 158.75

        /** The core's limits. */
        const val STROKES_MAX: Int = 200
        const val POINTS_MAX: Int = 10_000
        private const val MS_MAX = 3_600_000L
        private const val EXTENT_MIN_UM = 2_000u
    }
}
