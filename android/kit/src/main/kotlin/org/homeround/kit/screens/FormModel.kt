package org.homeround.kit.screens

import java.time.LocalDate
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.flow.first
import org.homeround.core.EntryId
import org.homeround.core.FormEntry
import org.homeround.core.FormItem
import org.homeround.core.FormItemType
import org.homeround.core.FormOffer
import org.homeround.core.FormOption
import org.homeround.core.FormProblem
import org.homeround.core.FormValue
import org.homeround.core.FormView
import org.homeround.core.SyncState
import org.homeround.core.VisitId
import org.homeround.core.VisitStatus
import org.homeround.kit.Homeround

/** A form of the visit, as a list shows it. */
data class FormLine(val id: EntryId, val title: String, val state: Chip, val scores: List<Pair<String, String>>)

/** What the list of a visit's forms shows. */
data class FormsState(
    val loaded: Boolean = false,
    val forms: List<FormLine> = emptyList(),
    val offers: List<FormOffer> = emptyList(),
    val editable: Boolean = true,
    val started: EntryId? = null,
    val network: Chip = chip(SyncState.Idle(false)),
    val problem: Problem? = null,
)

/** A visit's forms, and which can be begun. */
class FormsModel(phone: Homeround, visit: VisitId, scope: CoroutineScope, formats: Formats) :
    Model<FormsState>(scope, FormsState()) {
    private val visit = phone.visit(visit)

    init {
        val language = formats.language
        follow(phone.sync.state) { state, sync -> state.copy(network = chip(sync)) }
        follow(this.visit.forms.all(language)) { state, forms -> state.copy(loaded = true, forms = forms.map(::line)) }
        follow(this.visit.view) { state, view -> state.copy(editable = view.status !in SIGNED) }
        act {
            val offers = phone.forms(language)
            change { it.copy(offers = offers) }
        }
    }

    override fun failed(state: FormsState, problem: Problem?) = state.copy(problem = problem)

    /** Begins a form; [FormsState.started] is the one to open then. */
    fun start(offer: FormOffer) = act {
        val begun = visit.forms.start(offer.questionnaire)
        change { it.copy(started = begun.entry) }
    }

    /** The one that was begun is open. */
    fun opened() = change { it.copy(started = null) }
}

private val SIGNED = setOf(VisitStatus.SIGNED, VisitStatus.AMENDED)

private fun line(form: FormView): FormLine = FormLine(form.id, form.title, chipOf(form), scores(form))

private fun chipOf(form: FormView): Chip = when {
    form.conflicts > 0U -> Chip(Words.counted("visit_conflicts", form.conflicts.toInt()), Tone.ALARM, Glyph.WARNING)
    form.completedAtMs != null && form.ready -> Chip(Words("form_complete"), Tone.GOOD, Glyph.CHECK)
    !form.known -> Chip(Words("form_unknown"), Tone.WARNING, Glyph.WARNING)
    else -> Chip(Words("form_progress", form.answered.toInt(), form.required.toInt()), Tone.ACTIVE, Glyph.CLOCK)
}

/** What was calculated, by what it is called. */
private fun scores(form: FormView): List<Pair<String, String>> = form.items
    .filter { it.enabled && !it.answerable && it.answers.isNotEmpty() }
    .map { it.text to it.answers.joinToString(", ") { answer -> answer.text } }

/** An option of a choice. */
data class OptionRow(val option: FormOption, val chosen: Boolean)

/** An item of a form as it is drawn. Yes and no of an answer are `@form_yes` and `@form_no`. */
data class FormRowItem(
    val key: String,
    val linkId: String,
    val depth: Int,
    val kind: FormItemType,
    val title: String,
    /** Of a repetition: which one, from 1 on. */
    val nth: Int?,
    val required: Boolean,
    val several: Boolean,
    val answerable: Boolean,
    val canAdd: Boolean,
    val open: Boolean,
    val hint: String,
    val options: List<OptionRow>,
    val answers: List<FormEntry>,
    /** What its field holds: what was typed, else what is saved. */
    val typed: String,
    /** Something is typed that is not saved. */
    val unsaved: Boolean,
    val problems: List<Words>,
    val conflict: Boolean,
) {
    /** Yes, no, or nothing yet. */
    val flag: Boolean? get() = (answers.singleOrNull()?.value as? FormValue.Flag)?.yes

    /** The date that its field holds, if it holds one. */
    val day: LocalDate? get() = dayOf(typed)
}

/** What a form's screen shows. */
data class FormState(
    val loaded: Boolean = false,
    val title: String = "",
    val description: String = "",
    val copyright: String = "",
    val known: Boolean = true,
    val chip: Chip = Chip(Words("form_progress", 0, 0), Tone.ACTIVE, Glyph.CLOCK),
    val items: List<FormRowItem> = emptyList(),
    /** Answers that this version of the form has no place for. */
    val strays: List<Pair<String, String>> = emptyList(),
    val completed: Boolean = false,
    val editable: Boolean = true,
    /** What is missing is said from here on. */
    val checked: Boolean = false,
    val network: Chip = chip(SyncState.Idle(false)),
    val problem: Problem? = null,
)

/** Filling a form: every answer is saved as it is given. */
class FormModel(
    phone: Homeround,
    visit: VisitId,
    private val form: EntryId,
    scope: CoroutineScope,
    private val formats: Formats,
) : Model<FormState>(scope, FormState()) {
    private val forms = phone.visit(visit).forms
    private val typed = mutableMapOf<String, String>()
    private var view: FormView? = null
    private var signed = false

    init {
        follow(phone.sync.state) { state, sync -> state.copy(network = chip(sync)) }
        follow(forms.one(form, formats.language)) { state, now -> view = now; shown(state) }
        follow(phone.visit(visit).view) { state, now -> signed = now.status in SIGNED; shown(state) }
    }

    override fun failed(state: FormState, problem: Problem?) = state.copy(problem = problem)

    /** Answers yes or no; what stands there already is taken back. */
    fun answer(item: FormRowItem, yes: Boolean) = act {
        if (item.flag == yes) forms.clear(form, item.key) else forms.answer(form, item.key, FormValue.Flag(yes))
    }

    /** Chooses an option; a chosen one is taken back. */
    fun choose(item: FormRowItem, row: OptionRow) = act {
        val standing = item.answers.filter { it.value == row.option.value }
        when {
            row.chosen -> standing.forEach { forms.clear(form, it.key) }
            else -> forms.answer(form, item.key, row.option.value)
        }
    }

    /** The item's field holds this now; it is not saved yet. */
    fun type(item: FormRowItem, text: String) {
        typed[item.key] = text
        change(::shown)
    }

    /** Saves what is typed in the item's field; an empty field takes the answer back. */
    fun save(item: FormRowItem) = act { saved(item) }

    /** Answers a date as a calendar has it; none takes the answer back. */
    fun pick(item: FormRowItem, day: LocalDate?) {
        type(item, day?.toString().orEmpty())
        save(item)
    }

    /** Saves everything that is typed, then leaves; what can't be saved is said, and the person stays. */
    fun leave(gone: () -> Unit) = act { if (savedAll()) gone() }

    private suspend fun saved(item: FormRowItem): Boolean {
        val text = typed[item.key] ?: return true
        val trimmed = text.trim()
        if (trimmed.isEmpty()) {
            item.answers.filter { it.key == item.key }.forEach { forms.clear(form, it.key) }
        } else {
            forms.answer(form, item.key, value(item, trimmed) ?: return false)
        }
        // What was typed on meanwhile stays.
        typed.remove(item.key, text)
        change(::shown)
        return true
    }

    private suspend fun savedAll(): Boolean = state.value.items.filter { it.unsaved }.all { saved(it) }

    private fun value(item: FormRowItem, text: String): FormValue? = when (item.kind) {
        FormItemType.INTEGER, FormItemType.DECIMAL, FormItemType.QUANTITY -> {
            val number = formats.number(text)
            if (number == null) change { it.copy(problem = Problem(Words("error_not_a_number"), item.linkId)) }
            number?.let { FormValue.Figure(it) }
        }
        FormItemType.DATE -> FormValue.Date(text)
        FormItemType.TIME -> FormValue.Time(if (text.count { it == ':' } == 1) "$text:00" else text)
        FormItemType.DATE_TIME -> FormValue.Instant(momentOf(text))
        else -> FormValue.Words(text)
    }

    /** Takes one answer back. */
    fun clear(answer: FormEntry) = act { forms.clear(form, answer.key) }

    /** One more repetition of a group. */
    fun add(item: FormRowItem) = act { forms.addRepetition(form, item.key) }

    /** Takes a repetition away, with its answers. */
    fun remove(item: FormRowItem) = act { forms.removeRepetition(form, item.key) }

    /** Saves what is typed, then says that the form is complete, or shows what is missing. */
    fun complete() = act {
        if (!savedAll()) return@act
        val now = forms.one(form, formats.language).first()
        view = now
        change { shown(it.copy(checked = true)) }
        if (now.ready) forms.complete(form)
    }

    /** Opens a complete form again. */
    fun reopen() = act { forms.reopen(form) }

    private fun shown(state: FormState): FormState {
        val now = view ?: return state
        val rows = mutableMapOf<Pair<String, String>, Int>()
        return state.copy(
            loaded = true,
            title = now.title,
            description = now.description,
            copyright = now.copyright,
            known = now.known,
            chip = chipOf(now),
            items = now.items.filter { it.enabled }.map { item ->
                val nth = if (item.repetition) rows.merge(item.linkId to surroundings(item.key), 1, Int::plus) else null
                row(item, nth, state.checked)
            },
            strays = now.strays.map { it.linkId to it.text },
            completed = now.completedAtMs != null,
            editable = now.known && now.completedAtMs == null && !signed,
        )
    }

    private fun row(item: FormItem, nth: Int?, checked: Boolean): FormRowItem {
        val saved = item.answers.singleOrNull { it.key == item.key }?.let(::field).orEmpty()
        val now = typed[item.key]
        return FormRowItem(
            key = item.key, linkId = item.linkId, depth = item.depth.toInt(), kind = item.kind,
            title = listOf(item.prefix, item.text).filter { it.isNotEmpty() }.joinToString(". "),
            nth = nth, required = item.required, several = item.repeats, answerable = item.answerable, canAdd = item.canAdd,
            open = item.open, hint = listOfNotNull(item.limit, item.unit).joinToString(" "),
            options = item.options.map { option -> OptionRow(option, item.answers.any { it.value == option.value }) },
            answers = item.answers, typed = now ?: saved, unsaved = now != null && now != saved,
            problems = item.problems.filter { checked || it !is FormProblem.Missing }.map(::words),
            conflict = item.answers.any { it.conflict },
        )
    }

    private companion object {
        /** The repetitions around a repetition: its key without the last id. */
        fun surroundings(key: String): String = key.substringBeforeLast('@')

        /** An answer as its field holds it. */
        fun field(answer: FormEntry): String = when (val value = answer.value) {
            is FormValue.Quantity -> value.number.toBigDecimal().stripTrailingZeros().toPlainString()
            is FormValue.Choice -> if (value.coding.code.isEmpty()) value.coding.text else ""
            is FormValue.Instant -> typedMoment(value.text)
            else -> answer.text
        }

        fun words(problem: FormProblem): Words = when (problem) {
            is FormProblem.Missing -> Words("form_missing")
            is FormProblem.Invalid -> Words("error_refused", problem.limit)
            is FormProblem.TooFew -> Words("form_too_few", problem.least.toInt())
            is FormProblem.TooMany -> Words("form_too_many", problem.most.toInt())
            is FormProblem.Exclusive -> Words("form_exclusive")
            is FormProblem.Calculation -> Words("form_calculation")
        }
    }
}
