package org.homeround.kit.screens

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.flow.onEach
import org.homeround.core.EntryId
import org.homeround.core.Message
import org.homeround.core.MessagePriority
import org.homeround.core.MessageThread
import org.homeround.core.NewMessage
import org.homeround.core.PatientId
import org.homeround.core.PersonId
import org.homeround.core.SyncState
import org.homeround.kit.Homeround

/** A message as a screen shows it. */
data class MessageRow(
    val id: EntryId,
    val by: String,
    val at: String,
    val text: String,
    val mine: Boolean,
    val urgent: Boolean,
    /** It had not been read when the screen opened. */
    val new: Boolean,
    /** For whom in particular; none: for everybody. */
    val to: Words?,
    /** The beginning of what it answers. */
    val answers: String?,
    /** It was taken back, and why. */
    val takenBack: Words?,
    /** Who has read it; none: nobody, or it is a colleague's. */
    val readBy: Words?,
)

/** What a patient's messages show. */
data class MessagesState(
    val name: String = "",
    val rows: List<MessageRow> = emptyList(),
    val draft: String = "",
    val urgent: Boolean = false,
    /** The patient's team and whoever wrote, without oneself. */
    val people: List<Pair<PersonId, String>> = emptyList(),
    val to: Set<PersonId> = emptySet(),
    val answering: MessageRow? = null,
    val loaded: Boolean = false,
    val network: Chip = chip(SyncState.Idle(false)),
    val problem: Problem? = null,
)

/** The messages within the team about one patient. Whoever opens them has read them. */
class MessagesModel(
    phone: Homeround,
    id: PatientId,
    scope: CoroutineScope,
    private val formats: Formats,
    private val zone: String,
) : Model<MessagesState>(scope, MessagesState()) {
    private val patient = phone.patient(id)
    private var fresh = emptySet<EntryId>()

    init {
        follow(phone.sync.state) { state, sync -> state.copy(network = chip(sync)) }
        act { look(phone.session.me()?.person) }
    }

    override fun failed(state: MessagesState, problem: Problem?) = state.copy(problem = problem)

    fun type(text: String) = change { it.copy(draft = text) }

    fun urgent(urgent: Boolean) = change { it.copy(urgent = urgent) }

    /** Means it for somebody in particular, or no more. */
    fun address(person: PersonId) = change { it.copy(to = if (person in it.to) it.to - person else it.to + person) }

    /** Answers a message; none: writes a new one. */
    fun answer(row: MessageRow?) = change { it.copy(answering = row) }

    fun send() = act {
        val said = state.value
        val priority = if (said.urgent) MessagePriority.URGENT else MessagePriority.ROUTINE
        patient.sendMessage(NewMessage(said.draft, priority, said.to.toList(), null, said.answering?.id))
        // What was typed meanwhile is the next one.
        change { it.copy(draft = if (it.draft == said.draft) "" else it.draft, urgent = false, to = emptySet(), answering = null) }
    }

    fun takeBack(row: MessageRow, reason: String) = act { patient.takeBackMessage(row.id, reason) }

    private suspend fun look(me: PersonId?) {
        val name = patient.read().name
        val team = patient.careTeams().flatMap { it.members }.mapNotNull { one -> one.person?.let { it to one.name } }
        change { it.copy(name = name) }
        follow(patient.messages) { state, messages ->
            fresh = fresh + messages.filter { it.unread }.map { it.id }
            val writers = messages.mapNotNull { one -> one.by.person?.let { it to one.by.name } }
            val people = (team + writers).distinctBy { it.first }.filter { it.first != me }
            state.copy(rows = rows(messages), people = people, loaded = true)
        }
        // What is on the screen has been read.
        follow(patient.messages.onEach { if (it.any(Message::unread)) patient.markMessagesRead() }) { state, _ -> state }
    }

    private fun rows(messages: List<Message>): List<MessageRow> {
        val beginnings = messages.associate { it.id to it.text.take(BEGINNING) }
        return messages.map { one ->
            val readers = one.readBy.joinToString(", ") { it.by.name }
            MessageRow(
                one.id, one.by.name, formats.moment(one.atMs, zone), one.text, one.by.me,
                urgent = one.priority != MessagePriority.ROUTINE,
                new = one.id in fresh,
                to = one.to.takeIf { it.isNotEmpty() }?.let { Words("message_to", it.joinToString(", ") { who -> who.name }) },
                answers = one.replyTo?.let { beginnings[it] }?.ifEmpty { null },
                takenBack = one.takenBack?.let { Words("message_taken_back", it.reason) },
                readBy = readers.takeIf { one.by.me && it.isNotEmpty() }?.let { Words("message_read_by", it) },
            )
        }
    }

    private companion object {
        const val BEGINNING = 80
    }
}

/** One patient's messages in brief. */
data class ThreadRow(val patient: PatientId, val name: String, val last: String, val by: String, val at: String, val notes: List<Chip>)

/** What the list of messages shows. */
data class InboxState(
    val rows: List<ThreadRow> = emptyList(),
    val loaded: Boolean = false,
    val network: Chip = chip(SyncState.Idle(false)),
    val problem: Problem? = null,
)

/** The messages about everybody on this phone: what presses first. */
class InboxModel(phone: Homeround, scope: CoroutineScope, private val formats: Formats, private val zone: String) :
    Model<InboxState>(scope, InboxState()) {
    init {
        follow(phone.sync.state) { state, sync -> state.copy(network = chip(sync)) }
        follow(phone.messageThreads) { state, threads -> state.copy(rows = threads.map(::row), loaded = true) }
    }

    override fun failed(state: InboxState, problem: Problem?) = state.copy(problem = problem)

    private fun row(thread: MessageThread): ThreadRow {
        val pressing = Chip(Words.counted("messages_pressing", thread.pressing.toInt()), Tone.ALARM, Glyph.WARNING)
        val unread = Chip(Words.counted("messages_unread", thread.unread.toInt()), Tone.ACTIVE, Glyph.UNSENT)
        val notes = listOf(pressing to thread.pressing, unread to thread.unread).filter { it.second > 0U }.map { it.first }
        val last = thread.last
        return ThreadRow(thread.patient, thread.patientName, last.text, last.by.name, formats.moment(last.atMs, zone), notes)
    }
}
