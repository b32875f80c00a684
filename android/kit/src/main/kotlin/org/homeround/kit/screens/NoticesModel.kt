package org.homeround.kit.screens

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.flow.first
import org.homeround.core.NewNoticeWishes
import org.homeround.core.NotSent
import org.homeround.core.Notice
import org.homeround.core.NoticeChannel
import org.homeround.core.NoticeDelivery
import org.homeround.core.NoticeDraft
import org.homeround.core.NoticeKind
import org.homeround.core.NoticeState
import org.homeround.core.NoticeWishes
import org.homeround.core.QuietHours
import org.homeround.core.SyncState
import org.homeround.core.VisitId
import org.homeround.core.VisitStatus
import org.homeround.core.WishedBy
import org.homeround.kit.Homeround
import org.homeround.kit.Patient

/** What a patient wishes, in a person's words. */
data class WishesRow(val told: Words, val address: String, val language: Words, val quiet: Words, val by: Words)

/** The wishes while they are written down. */
data class WishesForm(
    val agreed: Boolean = true,
    val byRepresentative: Boolean = false,
    val sms: Boolean = false,
    val address: String = "",
    /** BCP 47; null: the patient's own. */
    val language: String? = null,
    val quietFrom: String = "21:00",
    val quietUntil: String = "8:00",
)

/** A notice that is to be sent, for a last look. */
data class NoticeLook(val draft: NoticeDraft, val hindrance: Words?, val waits: Words?)

/** A notice that was asked for. */
data class NoticeRow(val told: Words, val arrives: String, val by: Words, val state: Chip, val why: Words?)

/** What the notices of a visit show. */
data class NoticesState(
    val patient: String = "",
    /** Null: nobody has asked. */
    val wishes: WishesRow? = null,
    val form: WishesForm? = null,
    val look: NoticeLook? = null,
    val rows: List<NoticeRow> = emptyList(),
    /** Whether there is something to announce. */
    val ahead: Boolean = false,
    val loaded: Boolean = false,
    val network: Chip = chip(SyncState.Idle(false)),
    val problem: Problem? = null,
)

/** Telling a patient that somebody is on the way, or late; and whether they want to be told. */
class NoticesModel(private val phone: Homeround, id: VisitId, scope: CoroutineScope, private val formats: Formats) :
    Model<NoticesState>(scope, NoticesState()) {
    private val visit = phone.visit(id)
    private lateinit var patient: Patient
    private var zone = "UTC"
    private var known: NoticeWishes? = null

    init {
        follow(phone.sync.state) { state, sync -> state.copy(network = chip(sync)) }
        act { look() }
    }

    override fun failed(state: NoticesState, problem: Problem?) = state.copy(problem = problem)

    /** Begins to write down what the patient wishes. */
    fun ask() = change { it.copy(form = form(known)) }

    fun type(form: WishesForm) = change { it.copy(form = form) }

    fun close() = change { it.copy(form = null, look = null) }

    fun save() = act {
        val form = state.value.form ?: return@act
        patient.setNoticeWishes(
            NewNoticeWishes(
                form.agreed, if (form.byRepresentative) WishedBy.REPRESENTATIVE else WishedBy.PATIENT,
                channel(form), form.address, form.language,
                QuietHours(minute(form.quietFrom), minute(form.quietUntil)),
            ),
        )
        change { it.copy(form = null) }
    }

    /** An app of the patient's that stands there stays: what it is called, nobody types. */
    private fun channel(form: WishesForm): NoticeChannel = when {
        form.sms -> NoticeChannel.SMS
        known?.channel == NoticeChannel.PUSH && form.address == known?.address -> NoticeChannel.PUSH
        else -> NoticeChannel.EMAIL
    }

    /** Shows what the patient would be told. */
    fun draft(kind: NoticeKind) = act {
        val draft = visit.noticeDraft(kind)
        val waits = draft.waitsUntilMs?.let { Words("notice_waits", formats.time(it, zone)) }
        change { it.copy(look = NoticeLook(draft, draft.hindrance?.let(::words), waits)) }
    }

    /** Asks for what is shown. */
    fun send() = act {
        val draft = state.value.look?.draft ?: return@act
        visit.notify(draft.kind, draft.arrivesFromMs, draft.arrivesUntilMs)
        change { it.copy(look = null) }
    }

    private suspend fun look() {
        val view = visit.read()
        zone = view.summary?.timeZone ?: zone
        patient = phone.patient(view.patient)
        change { it.copy(patient = view.summary?.patientName.orEmpty()) }
        known = patient.noticeWishes.first()
        follow(visit.view) { state, now -> state.copy(ahead = now.status in AHEAD) }
        follow(visit.notices) { state, notices -> state.copy(rows = notices.map(::row), loaded = true) }
        follow(patient.noticeWishes) { state, wishes ->
            known = wishes
            state.copy(wishes = wishes?.let(::row))
        }
    }

    private fun row(wishes: NoticeWishes) = WishesRow(
        Words(if (wishes.agreed) "notice_agreed_${wishes.channel.name.lowercase()}" else "notice_declined"),
        wishes.address,
        Words("notice_language_${wishes.language?.takeIf { it in LANGUAGES } ?: "own"}"),
        Words("notice_quiet", clock(wishes.quiet.fromMinute), clock(wishes.quiet.untilMinute)),
        Words("notice_by", wishes.by.name, formats.moment(wishes.atMs, zone)),
    )

    private fun row(notice: Notice): NoticeRow {
        val delivery = notice.delivery
        return NoticeRow(
            Words("notice_kind_${notice.kind.name.lowercase()}"),
            formats.window(notice.arrivesFromMs, notice.arrivesUntilMs, zone),
            Words("notice_by", notice.by.name, formats.moment(notice.atMs, zone)),
            chip(delivery, formats, zone), delivery?.reason?.let(::words),
        )
    }

    private companion object {
        val AHEAD = setOf(VisitStatus.SCHEDULED, VisitStatus.TRAVELING)
        val LANGUAGES = setOf("en", "es")

        fun form(known: NoticeWishes?): WishesForm = known?.let {
            WishesForm(
                it.agreed, it.wishedBy == WishedBy.REPRESENTATIVE, it.channel == NoticeChannel.SMS, it.address, it.language,
                clock(it.quiet.fromMinute), clock(it.quiet.untilMinute),
            )
        } ?: WishesForm()

        fun clock(minute: UShort): String = "${minute.toInt() / 60}:${(minute.toInt() % 60).toString().padStart(2, '0')}"

        /** The minute of the day; what is no time is past its end, which the core refuses. */
        fun minute(text: String): UShort {
            val parts = text.trim().split(":").map { it.toIntOrNull() ?: -1 }
            val (hour, minute) = if (parts.size == 2) parts else listOf(parts.first(), if (parts.size == 1) 0 else -1)
            return if (hour in 0..23 && minute in 0..59) (hour * 60 + minute).toUShort() else UShort.MAX_VALUE
        }
    }
}

/** What became of a message to a patient. */
internal fun chip(delivery: NoticeDelivery?, formats: Formats, zone: String): Chip = when (delivery?.state) {
    null -> Chip(Words("notice_here"), Tone.QUIET, Glyph.UNSENT)
    NoticeState.QUEUED -> Chip(
        delivery.nextMs?.takeIf { delivery.reason != null }?.let { Words("notice_next", formats.time(it, zone)) } ?: Words("notice_queued"),
        Tone.ACTIVE, Glyph.UNSENT,
    )
    NoticeState.SENT -> Chip(Words("notice_sent", formats.time(delivery.atMs, zone)), Tone.GOOD, Glyph.CHECK)
    NoticeState.NOT_SENT, NoticeState.UNKNOWN -> Chip(Words("notice_not_sent"), Tone.ALARM, Glyph.WARNING)
}

/** Why a notice is not sent, in a person's words. */
fun words(reason: NotSent): Words = Words("notice_why_${reason.name.lowercase()}")
